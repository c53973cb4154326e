//go:build !linux

package bench

import "time"

// Sleep pauses for the span, about as exactly as the runtime's timers do.
func Sleep(d time.Duration) { time.Sleep(d) }
