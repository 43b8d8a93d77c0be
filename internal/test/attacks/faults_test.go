package attacks_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/test/papers"
	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
)

// fault is something that happens to one byte of what a server sends.
type fault string

const (
	fin    fault = "fin"    // the connection ends in its place
	stall  fault = "stall"  // nothing comes any more
	flip   fault = "flip"   // its bits are turned over
	insert fault = "insert" // a byte stands before it
)

// faulty is the server's end of a connection on which a fault happens at an
// offset.
type faulty struct {
	net.Conn
	fault fault
	at    int
	mu    sync.Mutex
	sent  int
}

var errFault = errors.New("fault")

func (c *faulty) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	start := c.sent
	c.sent += len(p)
	i := c.at - start
	if c.fault == "" || i < 0 && (c.fault == flip || c.fault == insert) || i >= len(p) {
		return c.Conn.Write(p)
	}
	i = max(i, 0)
	switch c.fault {
	case fin:
		c.Conn.Write(p[:i])
		c.Close()
		return 0, errFault
	case stall:
		if i > 0 {
			c.Conn.Write(p[:i])
		}
		return len(p), nil
	}
	bad := append([]byte{}, p...)
	if c.fault == insert {
		bad = append(bad[:i:i], append([]byte{'x'}, bad[i:]...)...)
	} else {
		bad[i] ^= 0xff
	}
	if _, err := c.Conn.Write(bad); err != nil {
		return 0, err
	}
	return len(p), nil
}

// full is whether to do all there is to do, and not a sample.
func full() bool { return os.Getenv("MAILCONN_FULL") != "" }

// TestFaultsAtEveryByte takes an honest dialogue, up to an authenticated
// session and one command, and breaks it at each byte that the server sends. Whatever happens,
// the client returns, with a typed error or with a session that keeps its
// policy. In the clear every byte is broken; of TLS's records, which are many
// and alike, a sample unless MAILCONN_FULL is set.
func TestFaultsAtEveryByte(t *testing.T) {
	player := scripttest.New(t)
	total, survived := 0, 0
	for _, proto := range []policy.Protocol{policy.IMAP, policy.POP3, policy.Submission} {
		for _, pol := range script.Policies() {
			for _, f := range []fault{fin, stall, flip, insert} {
				t.Run(fmt.Sprintf("%v/%v/%s", proto, pol, f), func(t *testing.T) {
					n, ok := breakAll(t, player, proto, pol, f)
					total += n
					survived += ok
				})
			}
		}
	}
	t.Logf("%d faults, %d of them harmless, the others typed errors", total, survived)
	if total < 1000 {
		t.Error("hardly any faults")
	}
	if full() { // how many depends on the lengths of signatures
		for _, paper := range []string{"README.md", "SECURITY.md"} {
			papers.Says(t, paper, "some %d faults", (total+500)/1000*1000)
		}
	}
}

// breakAll breaks each byte in turn and returns how many faults there were,
// and how many left the session as it should be.
func breakAll(t *testing.T, player *scripttest.Player, proto policy.Protocol, pol policy.Policy, f fault) (n, ok int) {
	length, clear := breakAt(t, player, proto, pol, "", 0)
	stride := 61
	if full() {
		stride = 1
	}
	for at := 0; at < length; at++ {
		if at >= clear && at%stride != 0 {
			continue
		}
		n++
		if sent, _ := breakAt(t, player, proto, pol, f, at); sent < 0 {
			ok++
		}
	}
	return n, ok
}

// breakAt plays the honest dialogue with one fault. It returns how many bytes
// the server sent, and how many of those in the clear; -1 if the client got
// its session in spite of a fault.
func breakAt(t *testing.T, player *scripttest.Player, proto policy.Protocol, pol policy.Policy, f fault, at int) (sent, clear int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		stage := player.Stage(t, proto)
		client, server := net.Pipe()
		bad := &faulty{Conn: server, fault: f, at: at}
		record := make(chan *script.Record, 1)
		before := 0
		stage.BeforeTLS = func() { before = bad.sent }
		go func() { record <- stage.Honest.Serve(bad, pol, stage) }()

		a := &attempt{Case: stage.Honest, policy: pol, session: true, ca: player.CA}
		got := a.connect(t, client)
		rec := <-record
		sent, clear = bad.sent, before
		a.checkClear(t, rec)
		if got.err != nil {
			var e *dial.Error
			if !errors.As(got.err, &e) {
				t.Errorf("%s at %d: not a dial.Error: %v", f, at, got.err)
				return
			}
			checkText(t, e.Error())
			if f == "" && pol != policy.NoTLS {
				t.Errorf("without a fault: %v", got.err)
			}
			return
		}
		if f == "" && got.worked != nil {
			t.Errorf("without a fault: %v", got.worked)
		}
		if !got.security.Confidential() {
			t.Errorf("%s at %d: a session, but %v", f, at, got.security)
		}
		if f != "" {
			sent = -1
		}
	})
	return sent, clear
}
