package child

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// noMount is the beginning of what a child says that may not mount.
const noMount = "mount: "

// MountDisk mounts a disk in memory, of a size as in "1m", on a directory. The child must
// have been started by [RunWithMounts], and must return the error as it is.
func MountDisk(dir, size string) error {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size+",mode=700"); err != nil {
		return fmt.Errorf(noMount+"%w", err)
	}
	return nil
}

// RunWithMounts runs a child that mounts what no other process sees. It skips the test
// where the system does not permit that.
func RunWithMounts(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOSPC), bytes.HasPrefix(out, []byte(noMount)):
		t.Skipf("no disk can be made here: %v\n%s", err, out)
	case err != nil:
		t.Errorf("%v\n%s", err, out)
	default:
		t.Logf("%s", out)
	}
}
