package core_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/core"
)

func TestTimeOf(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("east", 3*3600)
	for _, tc := range []struct {
		name string
		in   time.Time
		want core.Time
	}{
		{"zero is unset", time.Time{}, 0},
		{"whole second", time.Unix(1, 0), 1_000_000},
		{"microseconds", time.Unix(1, 234_567_000), 1_234_567},
		{"truncated, not rounded", time.Unix(1, 234_567_999), 1_234_567},
		{"truncated below a second's end", time.Unix(1, 999_999_999), 1_999_999},
		{"before 1970", time.Unix(-1, 0), -1_000_000},
		{"before 1970, truncated to the past", time.Unix(-1, 999_999_999), -1},
		{"zone does not matter", time.Date(2026, 3, 1, 12, 0, 0, 1_000, east), core.TimeOf(time.Date(2026, 3, 1, 9, 0, 0, 1_000, time.UTC))},
		{"year 1, not the zero instant", time.Time{}.Add(time.Microsecond), -62_135_596_799_999_999},
		{"year 9999", time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC), 253_402_300_799_999_999},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := core.TimeOf(tc.in); got != tc.want {
				t.Errorf("TimeOf(%v) = %d, want %d", tc.in, got, tc.want)
			}
		})
	}
}

func TestTimeStd(t *testing.T) {
	t.Parallel()
	if got := core.Time(0).Std(); !got.IsZero() {
		t.Errorf("the unset Time gives %v, want the zero time", got)
	}
	if got := core.Time(-1).Std(); got.Location() != time.UTC {
		t.Errorf("location is %v, want UTC", got.Location())
	}
	rapid.Check(t, func(t *rapid.T) {
		// Year 1 to 9999, what RFC 3339 can print.
		in := core.Time(rapid.Int64Range(-62_135_596_799_999_999, 253_402_300_799_999_999).Draw(t, "time"))
		if got := core.TimeOf(in.Std()); got != in {
			t.Fatalf("%d became %d on the way through time.Time", in, got)
		}
		if in != 0 && in.Unix() != in.Std().Unix() {
			t.Fatalf("Unix of %d is %d, time.Time says %d", in, in.Unix(), in.Std().Unix())
		}
	})
}

func TestTimeIsSet(t *testing.T) {
	t.Parallel()
	for in, want := range map[core.Time]bool{0: false, 1: true, -1: true} {
		if got := in.IsSet(); got != want {
			t.Errorf("IsSet of %d = %v, want %v", in, got, want)
		}
	}
}

func TestTimeUnix(t *testing.T) {
	t.Parallel()
	for in, want := range map[core.Time]int64{
		0: 0, 1: 0, 999_999: 0, 1_000_000: 1, 1_999_999: 1,
		-1: -1, -999_999: -1, -1_000_000: -1, -1_000_001: -2,
	} {
		if got := in.Unix(); got != want {
			t.Errorf("Unix of %d = %d, want %d", in, got, want)
		}
	}
}

func TestTimeLaterAndEarlier(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ a, b, later, earlier core.Time }{
		{0, 0, 0, 0},
		{0, 5, 5, 5},
		{0, -5, -5, -5}, // an instant before 1970 is still an instant
		{3, 5, 5, 3},
		{-3, 5, 5, -3},
		{-5, -3, -3, -5},
		{5, 5, 5, 5},
	} {
		for _, got := range []core.Time{tc.a.Later(tc.b), tc.b.Later(tc.a)} {
			if got != tc.later {
				t.Errorf("later of %d and %d = %d, want %d", tc.a, tc.b, got, tc.later)
			}
		}
		for _, got := range []core.Time{tc.a.Earlier(tc.b), tc.b.Earlier(tc.a)} {
			if got != tc.earlier {
				t.Errorf("earlier of %d and %d = %d, want %d", tc.a, tc.b, got, tc.earlier)
			}
		}
	}
}
