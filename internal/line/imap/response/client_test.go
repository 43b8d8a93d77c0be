package response_test

import (
	"bytes"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// tape is a connection whose server greets, and says the rest when the client has sent
// all its commands.
type tape struct {
	net.Conn
	greeting, rest *bytes.Reader
	sent           chan struct{}
}

func (c *tape) Read(p []byte) (int, error) {
	if c.greeting.Len() > 0 {
		return c.greeting.Read(p)
	}
	<-c.sent
	return c.rest.Read(p)
}
func (c *tape) Write(p []byte) (int, error)      { return len(p), nil }
func (c *tape) Close() error                     { return nil }
func (c *tape) SetReadDeadline(time.Time) error  { return nil }
func (c *tape) SetWriteDeadline(time.Time) error { return nil }

const greeting = "* PREAUTH [CAPABILITY IMAP4rev2 SORT QUOTA ACL METADATA ID MOVE] x\r\n"

// clientReads gives what a server says to go-imap's client, which waits for the answer
// to one command of each kind, and returns the error that the client ends with.
func clientReads(said []byte) error {
	conn := &tape{greeting: bytes.NewReader([]byte(greeting)), rest: bytes.NewReader(said), sent: make(chan struct{})}
	c := imapclient.New(conn, nil)
	commands := []func(){
		wait(c.Select("INBOX", nil).Wait),
		wait(c.Fetch(imap.SeqSet{{Start: 1, Stop: 0}}, nil).Collect),
		wait(c.Fetch(imap.UIDSet{{Start: 1, Stop: 0}}, nil).Collect),
		wait(c.List("", "*", &imap.ListOptions{ReturnStatus: &imap.StatusOptions{NumMessages: true}}).Collect),
		wait(c.Status("INBOX", nil).Wait),
		wait(c.Search(&imap.SearchCriteria{}, nil).Wait),
		wait(c.UIDSearch(&imap.SearchCriteria{}, nil).Wait),
		wait(c.Sort(&imapclient.SortOptions{SearchCriteria: &imap.SearchCriteria{}}).Wait),
		wait(c.Thread(&imapclient.ThreadOptions{Algorithm: "X", SearchCriteria: &imap.SearchCriteria{}}).Wait),
		wait(c.Namespace().Wait),
		wait(c.GetQuotaRoot("INBOX").Wait),
		wait(c.GetACL("INBOX").Wait),
		wait(c.MyRights("INBOX").Wait),
		wait(c.GetMetadata("INBOX", nil, nil).Wait),
		wait(c.ID(nil).Wait),
		wait(c.Enable(imap.CapUTF8Accept).Wait),
		wait(c.Expunge().Collect),
		wait(c.Move(imap.SeqSetNum(1), "x").Wait),
		wait(c.Capability().Wait),
	}
	var running sync.WaitGroup
	for _, command := range commands {
		running.Go(command)
	}
	close(conn.sent)
	running.Wait()
	return c.Close()
}

func wait[T any](f func() (T, error)) func() { return func() { f() } }

// passes returns those responses at the beginning of a server's words that the
// Scanner lets pass. Tagged responses and continuation requests depend on commands,
// and are left out.
func passes(said []byte) (passed []byte) {
	s := response.Scanner{Limits: limits()}
	f := response.Frame{Limits: s.Limits}
	for {
		f.Reset(false)
		e, err := f.Find(said)
		if err != nil || e.Len == 0 {
			return passed
		}
		b := said[:e.Len]
		h := response.ParseHead(b)
		if e.Body == 0 && !h.Tagged && h.Kind != response.Continue && s.Scan(b, h) {
			passed = append(passed, b...)
		}
		said = said[e.Len:]
	}
}

// checkClient fails if go-imap's client cannot read what passes, or does not come to
// an end with it.
func checkClient(t *testing.T, said []byte) {
	passed := passes(said)
	done := make(chan error, 1)
	go func() { done <- clientReads(passed) }()
	hang := time.NewTimer(time.Minute)
	defer hang.Stop()
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("%v: %q", err, passed)
		}
	case <-hang.C:
		t.Fatalf("does not end: %q", passed)
	}
}

func TestClientReadsWhatPasses(t *testing.T) {
	for _, text := range canonical() {
		checkClient(t, []byte(text+"\r\n"))
	}
}

// mutate changes a text in a few places, into other pieces of the grammar.
func mutate(r *rand.Rand, text string, pieces []string) string {
	for range 1 + r.IntN(3) {
		i := r.IntN(len(text) + 1)
		j := min(i+r.IntN(4), len(text))
		text = text[:i] + pieces[r.IntN(len(pieces))] + text[j:]
	}
	return text
}

// What a little change makes of a response is either stopped, or read.
func TestClientReadsMutants(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"", " ", "  ", "(", ")", "()", "NIL", "nil", `"`, `""`, `"x"`, `"(\"x"`, "{1}\r\nx", "{0}\r\n", "~", "0", "1", "-1", "4294967296", "18446744073709551616", "\\", "\\*", "*", "[", "]", "%", "\x00", "\x80", "\xff", "\t", "&", "&-", "&AAA-", ":", ",", ".", "<0>", "UID 3", "\r\n", "\r", "=?utf-8?q?x?="}
	lines := canonical()
	rounds := 2000
	if testing.Short() {
		rounds = 100
	}
	passed := 0
	for range rounds {
		var said strings.Builder
		for range 50 {
			said.WriteString(mutate(r, lines[r.IntN(len(lines))], pieces) + "\r\n")
		}
		passed += len(passes([]byte(said.String())))
		checkClient(t, []byte(said.String()))
	}
	if passed < rounds*100 {
		t.Errorf("only %d bytes passed", passed)
	}
}

func FuzzClientReads(f *testing.F) {
	for _, text := range canonical() {
		f.Add([]byte(text + "\r\n"))
	}
	f.Fuzz(checkClient)
}
