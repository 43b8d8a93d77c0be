package attacks_test

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/test/papers"
	"github.com/mailconn/mailconn/policy"
)

// refusals are ways to fail, one for each connection in turn.
func refusals() []string {
	return []string{
		"garbage\r\n", "", "220 x\n", "* BYE no\r\n", "* OK x\r\nT1 OK\r\n", "-ERR no\r\n", "554 no\r\n",
		"\x15\x03\x03\x00\x02\x02\x28", "* OK [CAPABILITY IMAP4rev1] x\r\n", "* OK x\r\n* BYE no\r\n",
	}
}

// serveRefusals answers each connection with a refusal, hears what comes of it,
// and hangs up.
func serveRefusals(l net.Listener) {
	for i := 0; ; i++ {
		c, err := l.Accept()
		if err != nil {
			return
		}
		list := refusals()
		c.Write([]byte(list[i%len(list)]))
		if i%2 == 0 {
			c.Read(make([]byte, 512))
		}
		c.Close()
	}
}

// usage is what the process holds.
type usage struct {
	goroutines, descriptors int
	heap                    uint64
}

func measure() usage {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u := usage{goroutines: runtime.NumGoroutine(), heap: m.HeapAlloc}
	if open, err := os.ReadDir("/proc/self/fd"); err == nil { // elsewhere goroutines and heap have to do
		u.descriptors = len(open)
	}
	return u
}

// Thousands of failed dials leave no goroutine, no descriptor and no memory
// behind.
func TestFailedDialsLeaveNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go serveRefusals(l)
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	failAll := func(n int) {
		for i := range n {
			ep := dial.Endpoint{Protocol: policy.IMAP, Host: "127.0.0.1", Port: port, Policy: []policy.Policy{policy.ImplicitTLS, policy.RequiredSTARTTLS, policy.OpportunisticSTARTTLS}[i%3]}
			d := dial.Dialer{OnDowngrade: veto}
			if conn, err := d.Dial(t.Context(), ep); err == nil {
				conn.Close()
				t.Fatal("connected")
			}
		}
	}
	failAll(200) // what is made once is made now
	before := measure()
	n := 2000
	papers.Says(t, "README.md", "%d failed dials", n)
	papers.Says(t, "SECURITY.md", "%d failed dials", n)
	if full() {
		n = 10000
	}
	failAll(n)
	after := measure()
	t.Logf("%d failed dials: goroutines %d to %d, descriptors %d to %d, heap %d to %d KiB",
		n, before.goroutines, after.goroutines, before.descriptors, after.descriptors, before.heap>>10, after.heap>>10)
	if after.goroutines > before.goroutines+2 || after.descriptors > before.descriptors+2 || after.heap > before.heap+256<<10 {
		t.Error("something is left")
	}
}

var errVeto = errors.New("not in the clear")

func veto(context.Context, dial.Security) error { return errVeto }
