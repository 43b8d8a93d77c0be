package outbox_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/internal/test/child"
	"github.com/mailconn/mailconn/smtpconn/outbox"
)

// load puts messages as fast as it can, and delivers them, until SIGTERM. Its arguments
// are the directory, the server's address and a prefix for ids. It writes a line when
// it has opened the outbox, and one for each message that Put has taken.
func load(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	relay, err := childPool(args[1], 2)
	if err != nil {
		return err
	}
	o, err := outbox.Open(context.Background(), args[0], outbox.Config{Relays: []outbox.Relay{relay}, Workers: 8})
	if err != nil {
		return err
	}
	fmt.Println("open", args[2])
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				id := fmt.Sprint(args[2], "-", next.Add(1))
				e, content := mail(id, "ann@mail.test")
				if err := o.Put(context.Background(), id, e, content); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				fmt.Println("put", id)
			}
		})
	}
	wg.Wait()
	closing, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return o.Close(closing)
}

// worker is a child that runs load.
type worker struct {
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
	opened         chan bool // closed when it has opened the outbox, or has ended
	once           sync.Once
}

func startWorker(t *testing.T, dir, address string, n int) *worker {
	t.Helper()
	w := &worker{cmd: child.Command(t, "load", dir, address, fmt.Sprint("r", n)), opened: make(chan bool)}
	w.cmd.Stdout, w.cmd.Stderr = w, &w.stderr
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *worker) Write(b []byte) (int, error) {
	w.once.Do(func() { close(w.opened) })
	return w.stdout.Write(b)
}

// end waits for the worker's end, and returns the ids that it has put.
func (w *worker) end(t *testing.T, killed bool) (ids []string) {
	t.Helper()
	err := w.cmd.Wait()
	w.once.Do(func() { close(w.opened) })
	if (err != nil) != killed || w.stderr.Len() > 0 {
		t.Errorf("%v: %s", err, &w.stderr)
	}
	for line := range strings.Lines(w.stdout.String()) {
		if id, ok := strings.CutPrefix(line, "put "); ok && strings.HasSuffix(id, "\n") {
			ids = append(ids, strings.TrimSpace(id))
		}
	}
	return ids
}

// judge drains an outbox, and compares what was put with what the server took. It
// returns how many messages are in doubt.
func judge(t *testing.T, dir string, s *server, put []string) (doubts int) {
	t.Helper()
	after(t, dir, s, func(b *box) {
		if list := b.Damaged(); len(list) > 0 {
			t.Errorf("damaged: %v", list)
		}
		b.drain()
		doubtful := b.inDoubt()
		doubts = len(doubtful)
		taken := s.taken()
		for _, id := range put {
			if taken[id+" ann@mail.test"] == 0 && !doubtful[id] {
				t.Errorf("%s is lost", id)
			}
		}
		for id, times := range taken {
			if times > 1 {
				t.Errorf("%s was taken %d times", id, times)
			}
		}
	})
	return doubts
}

// A client is killed again and again while it works. No message that was acknowledged
// is lost, and none is taken twice.
func TestKilledUnderLoad(t *testing.T) {
	kills := 50
	if os.Getenv("MAILCONN_FULL") != "" {
		kills = 1000
	}
	dir, s := newDir(t), newServer()
	address := s.listen(t)
	var put []string
	for n := range kills {
		w := startWorker(t, dir, address, n)
		<-w.opened
		timer := time.AfterFunc(rand.N(60*time.Millisecond), func() { w.cmd.Process.Kill() })
		put = append(put, w.end(t, true)...)
		timer.Stop()
	}
	doubts := judge(t, dir, s, put)
	t.Logf("%d kills: %d messages acknowledged, %d taken, %d in doubt", kills, len(put), s.total(), doubts)
	if len(put) < kills || s.total() < kills {
		t.Error("there was hardly any load")
	}
}

// A new process is started while the old one works, and waits until that has ended.
// Nothing is lost, nothing is taken twice, and nothing is in doubt.
func TestDeploys(t *testing.T) {
	deploys := 5
	if os.Getenv("MAILCONN_FULL") != "" {
		deploys = 50
	}
	dir, s := newDir(t), newServer()
	address := s.listen(t)
	var put []string
	old := startWorker(t, dir, address, 0)
	for n := range deploys {
		<-old.opened
		next := startWorker(t, dir, address, n+1)
		timer := time.AfterFunc(rand.N(100*time.Millisecond), func() { old.cmd.Process.Signal(syscall.SIGTERM) })
		put = append(put, old.end(t, false)...)
		timer.Stop()
		old = next
	}
	<-old.opened
	old.cmd.Process.Signal(syscall.SIGTERM)
	put = append(put, old.end(t, false)...)
	doubts := judge(t, dir, s, put)
	t.Logf("%d deploys: %d messages acknowledged, %d taken, %d in doubt", deploys, len(put), s.total(), doubts)
	if doubts > 0 || s.total() != len(put) {
		t.Errorf("%d in doubt, %d taken of %d", doubts, s.total(), len(put))
	}
}

// For an hour a message comes every two seconds. The first relay is killed for ten minutes
// and comes back, three times. While it is there, it gets all in the order of Put, and the
// second gets the others. Nothing is lost or taken twice; what was at the dot when the
// connection ended is in doubt.
func TestTwoRelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newServer(), newServer()
		b := prepare(t, newDir(t), outbox.Config{Workers: 1}, first, second)
		b.start((&flaky{}).calls()) // which syncs nothing
		var began []int             // by the first: how many it had when an outage began, and when it ended
		for i := range 1800 {
			switch minute := i / 30; {
			case i%300 == 0 && minute%20 == 10:
				first.setDown(errRefused)
				first.HangUp()
				began = append(began, first.total())
			case i%300 == 0 && minute%20 == 0 && i > 0:
				began = append(began, first.total())
				first.setDown(nil)
			}
			b.mustPut(fmt.Sprintf("m%04d", i), "ann@mail.test")
			wait(2 * time.Second)
		}
		b.drain()
		_, doubts := b.count()
		all := first.taken()
		for id, times := range second.taken() {
			all[id] += times
		}
		for id, times := range all {
			if times != 1 {
				t.Errorf("%s was taken %d times", id, times)
			}
		}
		if len(all) != 1800 || doubts > 0 {
			t.Errorf("%d taken, %d in doubt", len(all), doubts)
		}
		for i := 0; i+1 < len(began); i += 2 {
			if began[i] != began[i+1] {
				t.Errorf("the first took %d messages while it was down", began[i+1]-began[i])
			}
		}
		// A relay that is back is found when its time has come: a minute at most.
		if n := first.total(); n < 3*300-2*35 || first.total()+second.total() != 1800 {
			t.Errorf("the first took %d, the second %d", n, second.total())
		}
		t.Logf("the first took %d, the second %d", first.total(), second.total())
		b.close()
	})
}
