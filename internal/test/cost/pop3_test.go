package cost_test

import (
	"context"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

func pop3Answer(line string) string {
	if line == "CAPA\r\n" {
		return "+OK\r\nUSER\r\nUIDL\r\nTOP\r\nPIPELINING\r\nRESP-CODES\r\nSASL PLAIN LOGIN\r\n.\r\n"
	}
	if strings.HasPrefix(line, "RETR") {
		return "+OK\r\n" + strings.Repeat("a line of a message\r\n", 1000) + ".\r\n"
	}
	return "+OK done\r\n"
}

// TestIdlePOP3 compares what an idle session holds, also after it has fetched a message
// in a loop, with a bare client.
func TestIdlePOP3(t *testing.T) {
	const sessions, most = 100, 4 << 10
	lab := newLab(t, policy.POP3, policy.NoTLS)
	held := func(open func() io.Closer) float64 {
		var before, after runtime.MemStats
		var all []io.Closer
		for range 3 { // what has a finalizer goes with the second
			runtime.GC()
		}
		runtime.ReadMemStats(&before)
		for range sessions {
			all = append(all, open())
		}
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&after)
		for _, c := range all {
			c.Close()
		}
		lab.served.Wait()
		return (float64(after.HeapAlloc) - float64(before.HeapAlloc)) / sessions
	}
	bare := held(func() io.Closer { return lab.bare(t) })
	fresh := held(func() io.Closer { return lab.ours(t) })
	used := held(func() io.Closer {
		c := lab.ours(t)
		for m, err := range c.(*pop3conn.Client).RetrEach(context.Background(), []pop3conn.Listing{{Msg: 1}}) {
			if err == nil {
				_, err = io.Copy(io.Discard, m)
			}
			must(t, err)
		}
		return c
	})
	t.Logf("bytes of an idle session: bare %.0f, ours %.0f, after a loop %.0f", bare, fresh, used)
	if max(fresh, used) > bare+most {
		t.Errorf("an idle session holds more than %d bytes beyond those of a bare client", most)
	}
}
