package wire_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

func isNothing(n int, err error) bool { return n == 0 && errors.Is(err, os.ErrDeadlineExceeded) }

// On a connection that is no socket a look takes a millisecond at most, and leaves the
// deadlines as they were.
func TestReadSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		g := new(wire.Guard)
		g.Begin(pipe{client}, 0, 0)
		p := make([]byte, 10)
		const limit = time.Minute
		start := time.Now()
		g.SetReadDeadline(start.Add(limit))
		if _, err := g.ReadNow(p); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("ReadNow: %v", err)
		}
		if n, err := g.ReadSoon(p); !isNothing(n, err) || time.Since(start) > time.Millisecond {
			t.Errorf("nothing: %d, %v after %v", n, err, time.Since(start))
		}
		if _, err := g.Read(p); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != limit {
			t.Errorf("the deadline came after %v: %v", time.Since(start), err)
		}
		g.SetReadDeadline(time.Time{})
		go io.WriteString(server, "x")
		synctest.Wait()
		start = time.Now()
		if n, err := g.ReadSoon(p); string(p[:n]) != "x" || err != nil || time.Since(start) > 0 {
			t.Errorf("%q, %v", p[:n], err)
		}
		server.Close()
		if n, err := g.ReadSoon(p); n != 0 || err != io.EOF {
			t.Errorf("the end: %d, %v", n, err)
		}
	})
}

// Where nothing can be waited for in part, a look finds nothing, and loses nothing.
func TestReadSoonWithoutDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer client.Close()
		g := new(wire.Guard)
		g.Begin(timeless{pipe{client}}, 0, 0)
		go io.WriteString(server, "x")
		synctest.Wait()
		p := make([]byte, 10)
		if n, err := g.ReadSoon(p); !isNothing(n, err) {
			t.Errorf("%q, %v", p[:n], err)
		}
		if n, err := g.Read(p); string(p[:n]) != "x" || err != nil {
			t.Errorf("%q, %v", p[:n], err)
		}
	})
}
