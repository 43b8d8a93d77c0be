package disk

import (
	"os"
	"syscall"
	"unsafe"
)

// Flags and errors of LockFileEx, which package syscall does not define.
const (
	lockfileFailImmediately               = 1
	lockfileExclusiveLock                 = 2
	errorLockViolation      syscall.Errno = 33
)

// tryLock locks f until it is closed, also against others in this process. It returns
// false and no error if another has the lock.
func tryLock(f *os.File) (locked bool, err error) {
	var at syscall.Overlapped
	ok, _, err := syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx").Call(
		f.Fd(), lockfileFailImmediately|lockfileExclusiveLock, 0, 1, 0, uintptr(unsafe.Pointer(&at)))
	switch {
	case ok != 0:
		return true, nil
	case err == errorLockViolation, err == syscall.ERROR_IO_PENDING:
		return false, nil
	}
	return false, err
}
