package imapwatch_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
)

// commands counts commands of a kind.
func (f *fixture) commands(name string) (n int) {
	for _, c := range f.srv.Commands() {
		if strings.HasPrefix(c, name) {
			n++
		}
	}
	return n
}

// IDLE is renewed when the server was silent for Renew, and not before.
func TestRenew(t *testing.T) {
	watched(t, dialtest.Config{}, func(f *fixture) {
		f.Renew = 4 * time.Minute
		f.run(func() {
			time.Sleep(4*time.Minute - time.Second)
			if n := f.commands("IDLE"); n != 1 {
				t.Errorf("%d IDLEs before a renewal was due", n)
			}
			time.Sleep(2 * time.Second)
			if idles, noops := f.commands("IDLE"), f.commands("NOOP"); idles != 2 || noops != 1 {
				t.Errorf("%d IDLEs and %d NOOPs", idles, noops)
			}
			time.Sleep(2 * time.Minute)
			f.srv.Deliver(letter(1)) // it speaks: the time begins anew
			f.want("new 1")
			before := f.commands("NOOP")
			time.Sleep(3 * time.Minute)
			if n := f.commands("NOOP"); n != before {
				t.Error("IDLE was renewed although the server had spoken")
			}
			time.Sleep(2 * time.Minute)
			if n := f.commands("NOOP"); n != before+1 {
				t.Errorf("%d renewals", n-before)
			}
		})
	})
}

// A server that says something all the time during IDLE is never asked for a sign of life,
// and a mailbox of which it says nothing is looked at all the same.
func TestChatter(t *testing.T) {
	watched(t, dialtest.Config{}, func(f *fixture) {
		f.run(func() {
			chat := time.NewTicker(2 * time.Minute)
			defer chat.Stop()
			box := f.srv.Store().Inbox()
			box.Deliver(letter(1))
			for i := range 100 {
				<-chat.C
				box.SetFlags(1, []string{`\Seen`, `\Flagged`}[i%2])
			}
			if n := f.commands("NOOP"); n > 0 {
				t.Errorf("%d renewals", n)
			}
			if n := f.commands("STATUS"); n < 3 {
				t.Errorf("looked %d times as a whole", n)
			}
		})
	})
}

// A connection that is dead is found by a renewal, within the time for a reply, wherever
// it dies; and what has come meanwhile is told.
func TestDeadPeer(t *testing.T) {
	for _, kind := range []dialtest.FaultKind{dialtest.FaultStall, dialtest.FaultHalfOpen} {
		for _, toServer := range []bool{false, true} {
			for _, bytes := range []int{1, 100, 200, 300, 400, 500, 700, 1000, 1500, 3000} {
				plan := dialtest.Plan{Faults: []dialtest.Fault{{Kind: kind, After: bytes, ToServer: toServer}}}
				watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
					f.Options.Dialer.NetDialer = plan.Dialer(f)
					f.Options.ReplyTimeout = time.Minute
					f.run(func() {
						time.Sleep(time.Second)
						f.srv.Deliver(letter(2))
						time.Sleep(f.renew() + time.Minute + 10*time.Second)
						f.complete()
						if len(f.dials) > 2 || len(f.downs) > 1 {
							t.Errorf("%v after %d bytes: %d connections, %v", kind, bytes, len(f.dials), f.downs)
						}
						for _, failed := range f.downs {
							if !errors.Is(failed, os.ErrDeadlineExceeded) && !failed.Timeout() {
								t.Errorf("%v after %d bytes: %v", kind, bytes, failed)
							}
						}
					})
				})
			}
		}
	}
}

func (f *fixture) renew() time.Duration { return 5 * time.Minute }

// A NAT that drops connections which were silent for 4 minutes loses nothing, and one that
// keeps them for 6 is not noticed.
func TestNAT(t *testing.T) {
	for _, limit := range []time.Duration{4 * time.Minute, 6 * time.Minute} {
		watched(t, dialtest.Config{}, func(f *fixture) {
			nat := &nat{to: f, limit: limit}
			f.Options.Dialer.NetDialer = nat
			f.Options.ReplyTimeout = 30 * time.Second
			f.run(func() {
				for i := range 100 {
					f.srv.Deliver(letter(i))
					time.Sleep(time.Duration(i%23) * time.Minute)
				}
				time.Sleep(10 * time.Minute)
				f.complete()
			})
			if n := len(f.dials); limit > 5*time.Minute && n != 1 || limit < 5*time.Minute && n < 25 {
				t.Errorf("%v: %d connections", limit, n)
			}
		})
	}
}

// A nudge, and the end of a sleep of the machine, are a look at once; a connection that does
// not answer then is given up within half a minute.
func TestNudge(t *testing.T) {
	for _, slept := range []bool{false, true} {
		watched(t, dialtest.Config{}, func(f *fixture) {
			nudge := make(chan struct{})
			var ahead atomic.Int64
			f.Nudge = nudge
			f.SetClock(func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) })
			wake := func() {
				if slept {
					ahead.Add(int64(time.Hour))
					time.Sleep(30 * time.Second)
				} else {
					nudge <- struct{}{}
				}
				synctest.Wait()
			}
			f.run(func() {
				time.Sleep(time.Minute)
				wake()
				if n := f.commands("NOOP"); n != 1 {
					t.Errorf("%d NOOPs", n)
				}
				f.order(dialtest.Rule{At: "NOOP", End: dialtest.EndStall, Skip: true, Times: 1})
				time.Sleep(time.Minute)
				wake()
				f.srv.Deliver(letter(1))
				time.Sleep(33 * time.Second)
				f.want("new 1")
				if len(f.downs) != 1 || !errors.Is(f.downs[0], os.ErrDeadlineExceeded) {
					t.Errorf("outages: %v", f.downs)
				}
			})
		})
	}
}

// Nudges do not make Run look more often than every MinDelay, and one that is closed is
// none.
func TestNudges(t *testing.T) {
	watched(t, dialtest.Config{}, func(f *fixture) {
		nudge := make(chan struct{})
		f.Nudge, f.MinDelay = nudge, 10*time.Second
		f.run(func() {
			for range 30 {
				select {
				case nudge <- struct{}{}:
				case <-time.After(time.Second):
				}
			}
			if n := f.commands("NOOP"); n < 2 || n > 4 {
				t.Errorf("%d looks in 30 seconds", n)
			}
			close(nudge)
			before := f.commands("NOOP")
			time.Sleep(4 * time.Minute)
			if n := f.commands("NOOP"); n != before {
				t.Errorf("%d looks for a closed channel", n-before)
			}
		})
	})
}

// While the program is told that the server cannot be reached, a nudge makes it try at
// once.
func TestNudgeDown(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
		nudge := make(chan struct{})
		f.Nudge, f.unreach = nudge, true
		f.run(func() {
			time.Sleep(time.Hour)
			f.mu.Lock()
			f.unreach = false
			tries := len(f.dials)
			f.mu.Unlock()
			nudge <- struct{}{}
			time.Sleep(time.Second)
			f.want("new 1")
			if len(f.dials) != tries+1 {
				t.Errorf("%d tries after %d", len(f.dials), tries)
			}
			if gaps := gaps(f.dials); slices.Max(gaps) > 5*time.Minute || slices.Min(gaps) < time.Second {
				t.Errorf("tries are apart %v", gaps)
			}
		})
	})
}

// gaps returns how far apart times are.
func gaps(times []time.Time) (gaps []time.Duration) {
	for i := 1; i < len(times); i++ {
		gaps = append(gaps, times[i].Sub(times[i-1]))
	}
	return gaps
}

// idles is a server that ends its first IDLE by itself, ten seconds after its beginning, and
// tells of a message at the next command, and of another while the next IDLE is open.
type idles struct{}

func (idles) DialContext(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go idles{}.serve(server)
	return client, nil
}

func (idles) serve(c net.Conn) {
	io.WriteString(c, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE] hello\r\n")
	messages, ended, uids := 0, false, []string{"", " 1", " 1 2"}
	for r := bufio.NewScanner(c); r.Scan(); {
		tag, command, _ := strings.Cut(r.Text(), " ")
		switch {
		case command == "AUTHENTICATE PLAIN":
			io.WriteString(c, "+ \r\n")
			r.Scan()
		case command == "CAPABILITY":
			io.WriteString(c, "* CAPABILITY IMAP4rev1 IDLE\r\n")
		case command == "IDLE" && !ended:
			io.WriteString(c, "+ idling\r\n")
			time.Sleep(10 * time.Second)
			messages, ended = 1, true
		case command == "IDLE":
			io.WriteString(c, "+ idling\r\n")
			if messages == 1 {
				time.Sleep(time.Minute)
				messages = 2
				io.WriteString(c, "* 2 EXISTS\r\n")
			}
			r.Scan()
		case strings.HasPrefix(command, "UID SEARCH"):
			io.WriteString(c, "* SEARCH"+uids[messages]+"\r\n")
		case strings.HasPrefix(command, "SELECT"):
			io.WriteString(c, "* 0 EXISTS\r\n* OK [UIDVALIDITY 1]\r\n* OK [UIDNEXT 1]\r\n")
		case command == "NOOP":
			fmt.Fprintf(c, "* %d EXISTS\r\n", messages)
		}
		io.WriteString(c, tag+" OK done\r\n")
	}
}

// When the server ends an IDLE by itself, what has come is asked for, and another is begun.
func TestIdleThatTheServerEnds(t *testing.T) {
	watched(t, dialtest.Config{}, func(f *fixture) {
		f.Renew, f.Options.Dialer = 25*time.Minute, &dial.Dialer{NetDialer: idles{}}
		var told []string
		begun := time.Now()
		f.Handle = func(_ context.Context, _ *imapconn.Client, c imapwatch.Change) error {
			told = append(told, fmt.Sprintf("%v after %v", &c.New, time.Since(begun)))
			return nil
		}
		f.run(func() {
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			if want := []string{"1 after 10s", "2 after 1m10s"}; !slices.Equal(told, want) {
				t.Errorf("told %q, want %q", told, want)
			}
		})
	})
}

// A server that ends each IDLE at once is asked as often as one without.
func TestIdleThatEndsAtOnce(t *testing.T) {
	watched(t, dialtest.Config{}, func(f *fixture) {
		f.order(dialtest.Rule{At: "IDLE", Reply: "+ idling\nOK enough"})
		f.run(func() {
			time.Sleep(time.Minute)
			f.srv.Deliver(letter(1))
			time.Sleep(6 * time.Minute)
			f.want("new 1")
		})
		if n := f.commands("IDLE"); n != 1 {
			t.Errorf("%d IDLEs", n)
		}
	})
}
