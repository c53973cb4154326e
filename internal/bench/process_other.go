//go:build !linux

package bench

import "time"

// Where there is no /proc these figures are absent from the report.

func cpuTime(int) (time.Duration, bool) { return 0, false }

func memoryOf(int) (Memory, bool) { return Memory{}, false }

func openFiles() (limit uint64, ok bool) { return 0, false }
