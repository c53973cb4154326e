package bench

import (
	"context"
	"time"
)

// Memory is what a process holds, in bytes.
type Memory struct {
	RSS int64 `json:"rss_bytes"`
	// Anonymous is the part that is no file: without the program itself and
	// the pages of a mapped database, which the kernel takes back at will.
	Anonymous int64 `json:"rss_anon_bytes"`
}

// MemoryOf is what a process holds, nil when it cannot be read.
func MemoryOf(pid int) *Memory {
	m, ok := memoryOf(pid)
	if !ok {
		return nil
	}
	return &m
}

// watchInterval is the time between two looks at the memory.
const watchInterval = 50 * time.Millisecond

// watchMemory keeps the peak of each figure until stop is called, which returns
// it; nil when it cannot be read. pid 0 is no process.
func watchMemory(ctx context.Context, pid int) (stop func() *Memory) {
	ctx, cancel := context.WithCancel(ctx)
	peak := make(chan *Memory, 1)
	go func() {
		var most Memory
		tick := time.NewTicker(watchInterval)
		defer tick.Stop()
		seen := false
		for {
			if m, ok := memoryOf(pid); ok && pid != 0 {
				most.RSS, most.Anonymous = max(most.RSS, m.RSS), max(most.Anonymous, m.Anonymous)
				seen = true
			}
			select {
			case <-ctx.Done():
				if seen {
					peak <- &most
				} else {
					peak <- nil
				}
				return
			case <-tick.C:
			}
		}
	}()
	return func() *Memory {
		cancel()
		return <-peak
	}
}
