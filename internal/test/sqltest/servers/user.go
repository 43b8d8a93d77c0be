package servers

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
)

// environment is what a server gets to see: nothing that configures clients.
func environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
}

// directory makes a directory for a server. Root gives it to the user that the
// server's package has made, since PostgreSQL refuses to be run by root.
func directory(owner string) (string, error) {
	dir, err := os.MkdirTemp("", "mailconn-sql-")
	if err != nil || os.Geteuid() != 0 {
		return dir, err
	}
	uid, gid, err := ids(owner)
	if err != nil {
		os.Remove(dir)
		return "", err
	}
	return dir, os.Chown(dir, uid, gid)
}

func ids(name string) (uid, gid int, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		return 0, 0, err
	}
	uid, _ = strconv.Atoi(u.Uid)
	gid, _ = strconv.Atoi(u.Gid)
	return uid, gid, nil
}

// run runs a program that prepares a server's directory, as the directory's
// owner.
func run(dir, owner string, argv ...string) error {
	c := exec.Command(argv[0], argv[1:]...)
	c.Dir, c.Env = dir, environment()
	if os.Geteuid() == 0 {
		uid, gid, err := ids(owner)
		if err != nil {
			return err
		}
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, out)
	}
	return nil
}
