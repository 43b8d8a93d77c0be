package servers

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"strconv"
	"strings"
	"syscall"
)

// A server must not outlive the tests, whichever way they end. So each runs
// under a supervisor, which is this very program started again: when its
// standard input ends, since the tests closed it or are gone, it stops the
// server, waits for it and removes its directory.
const supervised = "MAILCONN_SQLTEST_SUPERVISED" // set in the supervisor: the server's directory

// Supervise does not return in a supervisor. TestMain calls it first.
func Supervise() {
	dir, ok := os.LookupEnv(supervised)
	if !ok {
		return
	}
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGPIPE)
	err := supervise(dir, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "supervisor:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func supervise(dir string, argv []string) error {
	defer os.RemoveAll(dir)
	who, err := ownerOf(dir)
	if err != nil {
		return err
	}
	server := exec.Command(argv[0], argv[1:]...)
	server.Dir, server.Env, server.Stderr = dir, environment(), os.Stderr
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: who}
	if err := server.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	go func() {
		io.Copy(io.Discard, os.Stdin)
		// To both servers this means: at once, without asking the clients.
		server.Process.Signal(syscall.SIGQUIT)
	}()
	return <-ended
}

// environment is what a server gets to see: nothing that configures clients.
func environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
}

// ownerOf returns whom a directory belongs to, nil if that is this user.
func ownerOf(dir string) (*syscall.Credential, error) {
	info, err := os.Stat(dir)
	if err != nil || os.Geteuid() != 0 {
		return nil, err
	}
	stat := info.Sys().(*syscall.Stat_t)
	return &syscall.Credential{Uid: stat.Uid, Gid: stat.Gid}, nil
}

// directory makes a directory for a server. Root gives it to the user that the
// server's package has made: PostgreSQL refuses to be run by root.
func directory(name string) (string, error) {
	dir, err := os.MkdirTemp("", "mailconn-sql-")
	if err != nil || os.Geteuid() != 0 {
		return dir, err
	}
	u, err := user.Lookup(name)
	if err != nil {
		os.Remove(dir)
		return "", err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return dir, os.Chown(dir, uid, gid)
}

// run runs a program that prepares a server's directory, as its owner.
func run(dir string, argv ...string) error {
	who, err := ownerOf(dir)
	if err != nil {
		return err
	}
	c := exec.Command(argv[0], argv[1:]...)
	c.Dir, c.Env = dir, environment()
	c.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, out)
	}
	return nil
}
