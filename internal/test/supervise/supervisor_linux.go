package supervise

import (
	"encoding/json"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// supervised is set in a supervisor: the command to run, as JSON.
const supervised = "MAILCONN_SUPERVISED"

// The orders that a supervisor reads from its standard input. The input's end,
// when the tests have ended however they did, is an order to stop.
const (
	stop = 't'
	kill = 'k'
)

// grace is how long a server may take to stop.
const grace = 5 * time.Second

// Main does not return in a supervisor. TestMain calls it first.
func Main() {
	text, ok := os.LookupEnv(supervised)
	if !ok {
		return
	}
	os.Unsetenv(supervised)
	if err := supervise(text); err != nil {
		fmt.Fprintln(os.Stderr, "supervisor:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func supervise(text string) error {
	c := Command{Stop: syscall.SIGTERM, Env: os.Environ()}
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	if c.Remove != "" {
		defer os.RemoveAll(c.Remove)
	}
	const setChildSubreaper = 36 // PR_SET_CHILD_SUBREAPER of prctl(2)
	if _, _, e := syscall.RawSyscall(syscall.SYS_PRCTL, setChildSubreaper, 1, 0); e != 0 {
		return e
	}
	pid, err := c.start()
	if err != nil {
		return fmt.Errorf("%s: %w", c.Argv[0], err)
	}
	go obey(pid, c.Stop)
	reap(pid)
	return nil
}

// start starts the server, whose output is the supervisor's.
func (c Command) start() (pid int, err error) {
	as, err := credential(c.User)
	if err != nil {
		return 0, err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	return syscall.ForkExec(c.Argv[0], c.Argv, &syscall.ProcAttr{
		Dir: c.Dir, Env: c.Env, Files: []uintptr{null.Fd(), 1, 2},
		Sys: &syscall.SysProcAttr{Credential: as},
	})
}

// credential returns what changes the user to the named one, nil if it does not
// change.
func credential(name string) (*syscall.Credential, error) {
	if name == "" || os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// obey waits for the one order, or for the end of the tests.
func obey(pid int, signal syscall.Signal) {
	var order [1]byte
	os.Stdin.Read(order[:])
	if order[0] != kill {
		syscall.Kill(pid, signal)
		time.Sleep(grace) // the process exits with reap if all is well
	}
	killBelow()
}

// reap returns when no process is left below this one. What the server leaves
// when it has ended is killed.
func reap(pid int) {
	for ended := false; ; {
		got, err := syscall.Wait4(-1, nil, 0, nil)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return
		}
		if ended = ended || got == pid; ended {
			killBelow()
		}
	}
}

// killBelow kills all descendants of this process.
func killBelow() {
	children := map[int][]int{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			parent := parentOf(pid)
			children[parent] = append(children[parent], pid)
		}
	}
	for todo := children[os.Getpid()]; len(todo) > 0; todo = todo[1:] {
		todo = append(todo, children[todo[0]]...)
		syscall.Kill(todo[0], syscall.SIGKILL)
	}
}

// parentOf reads /proc/pid/stat, where a name in brackets, which may hold
// anything, stands before the state and the parent.
func parentOf(pid int) int {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	rest := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(rest) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(rest[1])
	return parent
}
