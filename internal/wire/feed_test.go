package wire_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mailconn/mailconn/internal/wire"
)

// ready reports whether a Read would return at once.
func ready(f *wire.Feed) bool {
	_, err := f.ReadNow(nil)
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

func feed(c net.Conn) *wire.Feed {
	f := wire.NewFeed(pipe{c}, 0)
	f.Begin()
	return f
}

// Ready reports data before it is read, and the end of the connection as well. Data
// is read in order.
func TestFeed(t *testing.T) {
	speak(t, func(t *testing.T, client, server net.Conn) {
		f := feed(client)
		if synctest.Wait(); ready(f) {
			t.Error("ready with nothing said")
		}
		io.WriteString(server, "250 ok\r\n")
		if synctest.Wait(); !ready(f) {
			t.Error("not ready")
		}
		two := make([]byte, 2)
		if n, err := f.Read(two); n != 2 || err != nil || !ready(f) {
			t.Errorf("%q, %v", two[:n], err)
		}
		rest := make([]byte, 100)
		if n, err := f.Read(rest); string(rest[:n]) != "0 ok\r\n" || err != nil || ready(f) {
			t.Errorf("%q, %v", rest[:n], err)
		}
		io.WriteString(server, "one")
		io.WriteString(server, "two")
		if got, err := io.ReadAll(io.LimitReader(f, 6)); string(got) != "onetwo" || err != nil || ready(f) {
			t.Errorf("%q, %v", got, err)
		}
		big := bytes.Repeat([]byte("0123456789\r\n"), 10000)
		go func() { server.Write(big); server.Close() }()
		if got, err := io.ReadAll(f); !bytes.Equal(got, big) || err != nil {
			t.Errorf("%d of %d bytes, %v", len(got), len(big), err)
		}
		if _, err := f.Read(two); err != io.EOF || !ready(f) {
			t.Error(err)
		}
	})
}

// Of a server that sends without end, only a little is read ahead.
func TestFeedReadsLittleAhead(t *testing.T) {
	speak(t, func(t *testing.T, client, server net.Conn) {
		f := feed(client)
		said := make(chan int, 1)
		go func() {
			n, _ := io.Copy(server, strings.NewReader(strings.Repeat("x", 4e6)))
			said <- int(n)
		}()
		synctest.Wait()
		f.Abort()
		server.Close()
		if n := <-said; n > 1100<<10 {
			t.Errorf("%d bytes taken", n)
		}
	})
}

// Close and Abort end the goroutine, whether or not there is unread data: otherwise
// the bubble would not end. Err does not report them.
func TestFeedCloses(t *testing.T) {
	for _, words := range []string{"", "250 ok\r\n"} {
		for name, end := range map[string]func(f *wire.Feed) error{"Close": (*wire.Feed).Close, "Abort": (*wire.Feed).Abort} {
			speak(t, func(t *testing.T, client, server net.Conn) {
				f := feed(client)
				if words != "" {
					io.WriteString(server, words)
				}
				synctest.Wait()
				end(f)
				if got, err := io.ReadAll(f); string(got) != words || !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("%s: %q, %v", name, got, err)
				}
				if f.Err() != nil {
					t.Errorf("%s: %v", name, f.Err())
				}
			})
		}
	}
}
