//go:build unix

package bulk_test

import (
	"syscall"
	"time"
)

// cpuTime returns the time that the process has had.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
