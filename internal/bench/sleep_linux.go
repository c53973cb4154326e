package bench

import (
	"errors"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Sleep pauses for the span to some ten microseconds. The runtime's timers are
// up to a millisecond late when nothing else goes on, which is more than many
// an answer takes.
func Sleep(d time.Duration) {
	if d >= time.Second {
		// Long pauses need not hold a thread, nor be that exact.
		time.Sleep(d)
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// Without it the kernel may put the end off by 50 µs. A failure only means
	// that it does.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	left := unix.NsecToTimespec(int64(d))
	for errors.Is(unix.Nanosleep(&left, &left), unix.EINTR) {
		continue // with what is left
	}
}
