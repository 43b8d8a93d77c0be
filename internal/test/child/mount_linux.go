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

// mayNotMount is the beginning of what a child says that may not mount.
const mayNotMount = "may not mount: "

// MountDisk mounts a disk in memory, of a size as in "1m", on a directory. The child must
// have been started by [RunWithMounts], and must return the error as it is.
func MountDisk(dir, size string) error {
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size+",mode=700")
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf(mayNotMount+"%w", err)
	}
	return err
}

// RunWithMounts runs a child that mounts what no other process sees. It skips the test
// where the system does not permit that, and for no other reason.
func RunWithMounts(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, os.ErrPermission), bytes.HasPrefix(out, []byte(mayNotMount)):
		t.Skipf("no disk can be made here: %v\n%s", err, out)
	case err != nil:
		t.Errorf("%v\n%s", err, out)
	default:
		t.Logf("%s", out)
	}
}
