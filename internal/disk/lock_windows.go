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

// tryLock locks f until it is closed, also against others in this process.
func tryLock(f *os.File) error {
	var at syscall.Overlapped
	ok, _, err := syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx").Call(
		f.Fd(), lockfileFailImmediately|lockfileExclusiveLock, 0, 1, 0, uintptr(unsafe.Pointer(&at)))
	switch {
	case ok != 0:
		return nil
	case err == errorLockViolation, err == syscall.ERROR_IO_PENDING:
		return errLocked
	}
	return err
}
