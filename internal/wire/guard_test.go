package wire_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

const (
	replyTime = 5 * time.Minute
	writeTime = time.Minute
)

type pipe struct{ net.Conn }

func (p pipe) Abort() error { return p.Close() }

// guarded runs f with a guard over a pipe in a bubble.
func guarded(t *testing.T, reply, write time.Duration, f func(t *testing.T, g *wire.Guard, server net.Conn)) {
	t.Helper()
	speak(t, func(t *testing.T, client, server net.Conn) {
		g := new(wire.Guard)
		g.Begin(pipe{client}, reply, write)
		defer g.Close()
		f(t, g, server)
	})
}

// readFails reads and wants a time-out after the given time, neither earlier
// nor later.
func readFails(t *testing.T, g *wire.Guard, after time.Duration) {
	t.Helper()
	start := time.Now()
	_, err := g.Read(make([]byte, 1))
	if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != after {
		t.Errorf("read ended after %v, want %v: %v", time.Since(start), after, err)
	}
}

func TestGuardDeadPeer(t *testing.T) {
	guarded(t, replyTime, writeTime, func(t *testing.T, g *wire.Guard, server net.Conn) {
		go io.Copy(io.Discard, server)
		io.WriteString(g, "NOOP\r\n")
		readFails(t, g, replyTime)
		if err := g.Err(); !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "no reply within 5m0s") {
			t.Errorf("Err: %v", err)
		}
	})
}

// After the first byte of a reply the server may be silent for any time.
func TestGuardLeavesIDLEAlone(t *testing.T) {
	guarded(t, replyTime, writeTime, func(t *testing.T, g *wire.Guard, server net.Conn) {
		const quiet = 30 * 24 * time.Hour
		go func() {
			io.ReadFull(server, make([]byte, 6))
			io.WriteString(server, "+")
			time.Sleep(quiet)
			io.WriteString(server, "*")
		}()
		start := time.Now()
		io.WriteString(g, "IDLE\r\n")
		synctest.Wait()
		for range 2 {
			if _, err := g.Read(make([]byte, 1)); err != nil {
				t.Fatalf("after %v: %v", time.Since(start), err)
			}
		}
		if time.Since(start) != quiet {
			t.Errorf("IDLE lasted %v", time.Since(start))
		}
	})
}

// A read without a write before it has no deadline.
func TestGuardUnarmed(t *testing.T) {
	guarded(t, replyTime, writeTime, func(t *testing.T, g *wire.Guard, server net.Conn) {
		time.AfterFunc(24*time.Hour, func() { io.WriteString(server, "*") })
		if _, err := g.Read(make([]byte, 1)); err != nil {
			t.Error(err)
		}
	})
}

// Of the library's read deadline and the reply time the earlier one applies, and
// neither is lost when the other ends.
func TestGuardReadDeadlines(t *testing.T) {
	for _, c := range []struct {
		name  string
		user  time.Duration // before the write, 0 for none
		later time.Duration // after it: -1 clears, 0 leaves
		want  time.Duration
	}{
		{"ours", 0, 0, replyTime},
		{"user's is earlier", time.Minute, 0, time.Minute},
		{"user's is later", time.Hour, 0, replyTime},
		{"set afterwards, earlier", 0, time.Minute, time.Minute},
		{"set afterwards, later", 0, time.Hour, replyTime},
		{"cleared afterwards", time.Minute, -1, replyTime},
	} {
		t.Run(c.name, func(t *testing.T) {
			guarded(t, replyTime, writeTime, func(t *testing.T, g *wire.Guard, server net.Conn) {
				go io.Copy(io.Discard, server)
				if c.user != 0 {
					g.SetReadDeadline(time.Now().Add(c.user))
				}
				io.WriteString(g, "x")
				switch {
				case c.later < 0:
					g.SetReadDeadline(time.Time{})
				case c.later > 0:
					g.SetDeadline(time.Now().Add(c.later))
				}
				readFails(t, g, c.want)
			})
		})
	}
	t.Run("user's stays when ours is disarmed", func(t *testing.T) {
		guarded(t, replyTime, writeTime, func(t *testing.T, g *wire.Guard, server net.Conn) {
			go func() { io.ReadFull(server, make([]byte, 1)); io.WriteString(server, "y") }()
			g.SetReadDeadline(time.Now().Add(time.Hour))
			io.WriteString(g, "x")
			if _, err := g.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			readFails(t, g, time.Hour)
		})
	})
}

func TestGuardStalledWrite(t *testing.T) {
	for user, want := range map[time.Duration]time.Duration{0: writeTime, time.Second: time.Second, time.Hour: writeTime} {
		guarded(t, replyTime, writeTime, func(t *testing.T, g *wire.Guard, _ net.Conn) {
			if user != 0 {
				g.SetWriteDeadline(time.Now().Add(user))
			}
			start := time.Now()
			_, err := io.WriteString(g, "x")
			if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != want || g.Err() == nil {
				t.Errorf("user's %v: after %v, want %v: %v, Err %v", user, time.Since(start), want, err, g.Err())
			}
		})
	}
}

// The limit is on a stall: a long message may take longer than the limit.
func TestGuardSlowWrite(t *testing.T) {
	guarded(t, replyTime, writeTime, func(t *testing.T, g *wire.Guard, server net.Conn) {
		const size = 10 * 64 << 10
		go func() {
			for buf := make([]byte, 64<<10); ; time.Sleep(writeTime / 2) {
				if _, err := io.ReadFull(server, buf); err != nil {
					return
				}
			}
		}()
		start := time.Now()
		n, err := g.Write(make([]byte, size))
		if n != size || err != nil || time.Since(start) < 4*writeTime {
			t.Errorf("wrote %d in %v: %v", n, time.Since(start), err)
		}
		server.Close()
		time.Sleep(writeTime) // the server wakes up
	})
}

// crypto/tls may write at any time by itself: no deadline of the guard's may be left
// for such a write.
func TestGuardLeavesNoWriteDeadline(t *testing.T) {
	speak(t, func(t *testing.T, client, server net.Conn) {
		g := new(wire.Guard)
		g.Begin(pipe{client}, 0, writeTime)
		go io.Copy(io.Discard, server)
		io.WriteString(g, "x")
		time.Sleep(10 * writeTime)
		if _, err := io.WriteString(client, "from below"); err != nil {
			t.Errorf("below the guard: %v", err)
		}
	})
}

func TestGuardErr(t *testing.T) {
	guarded(t, replyTime, writeTime, func(t *testing.T, g *wire.Guard, server net.Conn) {
		server.Close()
		g.Read(make([]byte, 1))
		io.WriteString(g, "x")
		g.Close()
		if err := g.Err(); err != io.EOF {
			t.Errorf("Err: %v, want the first", err)
		}
	})
	for name, end := range map[string]func(*wire.Guard) error{"Close": (*wire.Guard).Close, "Abort": (*wire.Guard).Abort} {
		guarded(t, replyTime, writeTime, func(t *testing.T, g *wire.Guard, server net.Conn) {
			time.AfterFunc(time.Second, func() { end(g) })
			if _, err := g.Read(make([]byte, 1)); err == nil {
				t.Errorf("%s does not end a read", name)
			}
			if err := g.Err(); err != nil {
				t.Errorf("%s is remembered as an error: %v", name, err)
			}
		})
	}
}

// echo answers every write with one byte, at once.
type echo struct{ net.Conn }

func (echo) Read(p []byte) (int, error)       { return 1, nil }
func (echo) Write(p []byte) (int, error)      { return len(p), nil }
func (echo) SetReadDeadline(time.Time) error  { return nil }
func (echo) SetWriteDeadline(time.Time) error { return nil }
func (echo) Abort() error                     { return nil }

func TestGuardDoesNotAllocate(t *testing.T) {
	g := new(wire.Guard)
	g.Begin(echo{}, replyTime, writeTime)
	buf := []byte("NOOP\r\n")
	if n := testing.AllocsPerRun(100, func() { g.Write(buf); g.Read(buf) }); n != 0 {
		t.Errorf("%v allocations for a write and a read", n)
	}
}

// fast is a connection whose answer is read before its Write returns.
type fast struct {
	pipe
	after func()
}

func (f fast) Write(p []byte) (int, error) { n, err := f.pipe.Write(p); f.after(); return n, err }

func TestGuardAnswerOvertakesWrite(t *testing.T) {
	speak(t, func(t *testing.T, client, server net.Conn) {
		var g *wire.Guard
		got := make(chan error, 2)
		c := fast{pipe{client}, synctest.Wait}
		g = new(wire.Guard)
		g.Begin(c, replyTime, writeTime)
		go func() { server.Read(make([]byte, 16)); server.Write([]byte("+")) }()
		go func() {
			for range 2 {
				_, err := g.Read(make([]byte, 1))
				got <- err
			}
		}()
		g.Write([]byte("IDLE\r\n")) // "+" is read before this returns
		<-got
		time.AfterFunc(24*time.Hour, func() { server.Write([]byte("*")) })
		if err := <-got; errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("IDLE was ended by the time for a reply that had come: %v", err)
		}
	})
}

// timeless is a connection without deadlines, as some tunnels are.
type timeless struct{ pipe }

var errTimeless = errors.New("no deadlines here")

func (timeless) SetDeadline(time.Time) error      { return errTimeless }
func (timeless) SetReadDeadline(time.Time) error  { return errTimeless }
func (timeless) SetWriteDeadline(time.Time) error { return errTimeless }

// On a connection without deadlines a dead server ends a command as well, and a
// reply in time does not end the session.
func TestGuardWithoutDeadlines(t *testing.T) {
	speak(t, func(t *testing.T, client, server net.Conn) {
		g := new(wire.Guard)
		g.Begin(timeless{pipe{client}}, replyTime, writeTime)
		go func() {
			server.Read(make([]byte, 16))
			server.Write([]byte("+"))
			server.Read(make([]byte, 16))
		}()
		g.Write([]byte("NOOP\r\n"))
		if _, err := g.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour) // of the bubble's clock: nothing is awaited
		g.Write([]byte("NOOP\r\n"))
		begin := time.Now()
		if _, err := g.Read(make([]byte, 1)); err == nil || time.Since(begin) != replyTime || !errors.Is(g.Err(), os.ErrDeadlineExceeded) {
			t.Errorf("%v after %v, Err %v", err, time.Since(begin), g.Err())
		}
	})
}
