package servers

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A server forks, changes its user, makes sessions of its own and leaves
// orphans; the signal that a parent's death can send is lost on the way. So
// each runs under a supervisor, which is this very program started again: the
// kernel makes it the parent of every orphan below it, and it goes only when
// they are all gone. Its standard input is the leash: whoever holds the other
// end says "t" or "k", or dies.
const (
	supervised = "MAILCONN_SUPERVISED" // set in the supervisor: the user to run as, or "-"
	terminate  = 't'
	slay       = 'k'
	grace      = 5 * time.Second
)

// Supervise does not return in a supervisor. TestMain calls it first.
func Supervise() {
	as, ok := os.LookupEnv(supervised)
	if !ok {
		return
	}
	os.Unsetenv(supervised)
	if err := supervise(as, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "supervisor:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func supervise(as string, argv []string) error {
	const setChildSubreaper = 36 // PR_SET_CHILD_SUBREAPER of prctl(2)
	if _, _, e := syscall.RawSyscall(syscall.SYS_PRCTL, setChildSubreaper, 1, 0); e != 0 {
		return e
	}
	who, err := credential(as)
	if err != nil {
		return err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	pid, err := syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{
		Env: os.Environ(), Files: []uintptr{null.Fd(), 1, 2},
		Sys: &syscall.SysProcAttr{Credential: who},
	})
	if err != nil {
		return fmt.Errorf("%s: %w", argv[0], err)
	}
	go obey(pid)
	reap(pid)
	return nil
}

// credential returns nil for "-": nobody changes.
func credential(as string) (*syscall.Credential, error) {
	if as == "-" {
		return nil, nil
	}
	u, err := user.Lookup(as)
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// obey waits for the one order, or for the end of whoever could give it.
func obey(pid int) {
	var order [1]byte
	os.Stdin.Read(order[:])
	if order[0] != slay {
		syscall.Kill(pid, syscall.SIGTERM)
		time.Sleep(grace) // the process ends with reap if all is well
	}
	killBelow()
}

// reap returns when no process is left below this one. When the server has
// ended what it left is killed.
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
