package testkit

import (
	"sync"
	"testing"
	"time"
)

func TestClockStandsUntilAdvanced(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 10, 0, 0, 123_456_789, time.FixedZone("CET", 3600))
	clock := NewClock(start)

	want := time.Date(2026, 3, 1, 9, 0, 0, 123_456_000, time.UTC)
	for range 2 {
		if got := clock.Now(); got != want {
			t.Fatalf("Now() = %v, want %v", got, want)
		}
	}
	want = want.Add(90 * time.Second)
	if got := clock.Advance(90 * time.Second); got != want {
		t.Errorf("Advance(90s) = %v, want %v", got, want)
	}
	if got := clock.Now(); got != want {
		t.Errorf("Now() after Advance = %v, want %v", got, want)
	}
	want = want.Add(-time.Hour)
	if got := clock.Advance(-time.Hour); got != want {
		t.Errorf("Advance(-1h) = %v, want %v", got, want)
	}
}

func TestClockIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	clock := NewClock(start)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				clock.Advance(time.Second)
				clock.Now()
			}
		})
	}
	wg.Wait()
	if got, want := clock.Now(), start.Add(800*time.Second); got != want {
		t.Errorf("Now() = %v, want %v", got, want)
	}
}
