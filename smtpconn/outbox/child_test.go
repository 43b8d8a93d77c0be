package outbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailconn/mailconn/internal/test/child"
	"github.com/mailconn/mailconn/smtpconn/outbox"
)

func TestMain(m *testing.M) {
	child.Main(m, map[string]func([]string) error{"crash": crash, "load": load, "full": fullDisk, "hold": hold})
}

// kill kills this process, as the system does it: nothing is written any more.
func kill() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		self.Kill()
	}
	select {}
}

// point is a moment at which a child kills itself: at the nth call, before or behind it
// or half-way through a write, of those whose name has a prefix. A write is named by
// what it is for, as in "write put", "write content"; the others "sync content", "sync
// journal" and "syncdir".
type point struct {
	call string
	when string // "before", "half", "behind"
	n    int64
}

func (p point) String() string { return fmt.Sprintf("%s/%s/%d", p.call, p.when, p.n) }

func parsePoint(s string) (p point, err error) {
	f := strings.Split(s, "/")
	p.call, p.when = f[0], f[1]
	p.n, err = strconv.ParseInt(f[2], 10, 64)
	return p, err
}

// calls returns system calls that call hit at the point.
func (p point) calls(hit func()) outbox.Calls {
	var n atomic.Int64
	at := func(name, when string) {
		if when == p.when && strings.HasPrefix(name, p.call) && n.Add(1) == p.n {
			hit()
		}
	}
	system := outbox.SystemCalls()
	return outbox.Calls{
		Read: system.Read,
		Write: func(f *os.File, b []byte, offset int64) (int, error) {
			name := writeName(f, b)
			at(name, "before")
			if p.when == "half" {
				system.Write(f, b[:len(b)/2], offset)
				at(name, "half")
			}
			n, err := system.Write(f, b, offset)
			at(name, "behind")
			return n, err
		},
		Sync: func(f *os.File) error {
			name := "sync journal"
			if strings.Contains(f.Name(), "/content/") {
				name = "sync content"
			}
			at(name, "before")
			err := system.Sync(f)
			at(name, "behind")
			return err
		},
		SyncDir: func(path string) error {
			at("syncdir", "before")
			err := system.SyncDir(path)
			at("syncdir", "behind")
			return err
		},
	}
}

func writeName(f *os.File, b []byte) string {
	if strings.Contains(f.Name(), "/content/") {
		return "write content"
	}
	if bytes.HasPrefix(b, []byte(`{"n":1,`)) {
		return "write anew"
	}
	_, do, _ := bytes.Cut(b, []byte(`"do":"`))
	name, _, _ := bytes.Cut(do, []byte(`"`))
	return "write " + string(name)
}

// crash puts messages and delivers them, until it is killed at a point, or all is told.
// Its arguments are the directory, the server's address, the point, the number of
// messages and of workers. It writes "put ID" to standard output when Put has returned
// nil, and "told ID" when a result is told.
func crash(args []string) error {
	p, err := parsePoint(args[2])
	if err != nil {
		return err
	}
	messages, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	workers, err := strconv.Atoi(args[4])
	if err != nil {
		return err
	}
	relay, err := childPool(args[1], workers)
	if err != nil {
		return err
	}
	told := make(chan bool, messages)
	c := outbox.Config{Relays: []outbox.Relay{relay}, Workers: workers, Result: func(_ context.Context, r outbox.Result) error {
		fmt.Println("told", r.ID)
		told <- true
		return r.Err
	}}
	ctx := context.Background()
	o, err := outbox.OpenWith(ctx, args[0], c, p.calls(kill))
	if err != nil {
		return err
	}
	o.SetSlack(5)
	for i := range messages {
		id := fmt.Sprint("m", i+1)
		e, content := mail(id, "ann@mail.test")
		if err := o.Put(ctx, id, e, content); err != nil {
			return err
		}
		fmt.Println("put", id)
	}
	for range messages {
		<-told
	}
	return o.Close(ctx)
}

func childPool(address string, conns int) (outbox.Relay, error) {
	host, port, _ := strings.Cut(address, ":")
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	return makePool(nil, host, uint16(n), conns)
}

// crashed runs crash, and returns the ids that were put and that were told, and whether
// it was killed.
func crashed(t *testing.T, dir, address string, p point, messages, workers int) (put, told []string, killed bool) {
	t.Helper()
	cmd := child.Command(t, "crash", dir, address, p.String(), fmt.Sprint(messages), fmt.Sprint(workers))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	timer := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	err := cmd.Run()
	if !timer.Stop() {
		t.Fatalf("%v: it does not end\n%s", p, &stderr)
	}
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != -1) {
		t.Fatalf("%v: %v\n%s", p, err, &stderr)
	}
	for line := range strings.Lines(stdout.String()) {
		what, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		if what == "put" {
			put = append(put, id)
		} else {
			told = append(told, id)
		}
	}
	return put, told, err != nil
}
