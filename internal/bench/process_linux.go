package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime returns how long the threads of a process have run, those that ended
// included. ok is false when there is no such process.
func cpuTime(pid int) (t time.Duration, ok bool) {
	// The clock that clock_getcpuclockid(3) names; it counts nanoseconds where
	// /proc/PID/stat counts in ticks of ten milliseconds.
	const scheduled = 2
	var ts unix.Timespec
	if err := unix.ClockGettime(^int32(pid)<<3|scheduled, &ts); err != nil {
		return 0, false
	}
	return time.Duration(ts.Nano()), true
}

// memoryOf reads how much memory a process holds.
func memoryOf(pid int) (m Memory, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return m, false
	}
	m.RSS, ok = kibibytes(text, "VmRSS:")
	anon, anonOK := kibibytes(text, "RssAnon:")
	m.Anonymous = anon
	return m, ok && anonOK
}

// kibibytes finds a line such as "VmRSS:	 1234 kB" and returns it in bytes.
func kibibytes(status []byte, name string) (n int64, ok bool) {
	_, rest, ok := bytes.Cut(status, []byte("\n"+name))
	if !ok {
		return 0, false
	}
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0, false
	}
	n, err := strconv.ParseInt(string(fields[0]), 10, 64)
	return n << 10, err == nil
}

// openFiles is how many files a process of ours may have open: the hard limit,
// up to which the runtime raises the other one at its start.
func openFiles() (limit uint64, ok bool) {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return 0, false
	}
	return r.Max, true
}
