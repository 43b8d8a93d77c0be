package pop3conn_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/pop3conn"
)

// mailbox is a server's side without a connection: it answers a command.
type mailbox struct {
	caps    string
	letters []string          // as they are, lines ending in CRLF
	odd     map[string]string // answers that are not as they should be
	heard   []string
}

func (m *mailbox) answer(line string) string {
	m.heard = append(m.heard, line)
	if reply, ok := m.odd[line]; ok {
		return reply
	}
	var n int
	verb, rest, _ := strings.Cut(line, " ")
	fmt.Sscan(rest, &n)
	switch {
	case verb == "CAPA":
		return "+OK\r\n" + m.caps + ".\r\n"
	case line == "LIST" || line == "UIDL":
		return m.list(line)
	case verb == "NOOP" || verb == "QUIT" || verb == "RSET" || verb == "USER" || verb == "PASS":
		return "+OK\r\n"
	case n < 1 || n > len(m.letters):
		return "-ERR no such message\r\n"
	case verb == "DELE":
		return "+OK\r\n"
	}
	return "+OK\r\n" + stuffed(m.letters[n-1]) + ".\r\n"
}

func (m *mailbox) list(verb string) string {
	var b strings.Builder
	b.WriteString("+OK\r\n")
	for i, l := range m.letters {
		if verb == "LIST" {
			fmt.Fprintf(&b, "%d %d\r\n", i+1, len(l))
		} else {
			fmt.Fprintf(&b, "%d id%d\r\n", i+1, i+1)
		}
	}
	return b.String() + ".\r\n"
}

func stuffed(letter string) string {
	s := strings.ReplaceAll("\r\n"+letter, "\r\n.", "\r\n..")
	return s[2:]
}

// letters makes n messages of about so many bytes, with dots in awkward places.
func letters(n, size int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("Subject: %d\r\n\r\n.dot\r\n..\r\n%s\r\n.", i+1, strings.Repeat("x", size)) + "\r\n"
	}
	return list
}

// listings are the numbers from 1 to n.
func listings(n int) []pop3conn.Listing {
	list := make([]pop3conn.Listing, n)
	for i := range list {
		list[i].Msg = i + 1
	}
	return list
}

// some are listings of these numbers.
func some(numbers ...int) []pop3conn.Listing {
	list := make([]pop3conn.Listing, len(numbers))
	for i, n := range numbers {
		list[i].Msg = n
	}
	return list
}

const pipelining = "PIPELINING\r\nUIDL\r\nTOP\r\n"

// far is a connection to a mailbox that is delay away. A read that has to wait
// is a turn: all that was written before it arrives is answered at once. It
// needs a synctest bubble.
type far struct {
	canned
	box   *mailbox
	delay time.Duration
	turns int

	mu      sync.Mutex
	written string
}

func dialFar(t testing.TB, box *mailbox, o *pop3conn.Options) (*far, *pop3conn.Client) {
	t.Helper()
	conn := &far{canned: canned{ready: "+OK\r\n"}, box: box, delay: 10 * time.Millisecond}
	c, err := begin(conn, o)
	if err != nil {
		t.Fatal(err)
	}
	conn.turns = 0
	return conn, c
}

func (f *far) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.written += string(p)
	return len(p), nil
}

func (f *far) Read(p []byte) (int, error) {
	if f.ready == "" && !f.closed {
		time.Sleep(f.delay)
		f.turns++
		f.mu.Lock()
		for line := range strings.Lines(f.written) {
			f.ready += f.box.answer(strings.TrimSuffix(line, "\r\n"))
		}
		f.written = ""
		f.mu.Unlock()
	}
	return f.canned.Read(p)
}

// ReadNow finds what was not read of the last turn.
func (f *far) ReadNow(p []byte) (int, error) {
	if f.ready == "" && !f.closed {
		return 0, os.ErrDeadlineExceeded
	}
	return f.canned.Read(p)
}

// both runs a test with and without pipelining, in a bubble.
func both(t *testing.T, f func(t *testing.T, o *pop3conn.Options)) {
	for _, lockstep := range []bool{false, true} {
		t.Run(map[bool]string{false: "pipelined", true: "lockstep"}[lockstep], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, &pop3conn.Options{NoPipelining: lockstep}) })
		})
	}
}

// served returns a connection (after "HANG" in an answer the server says no more) without any buffer to a mailbox whose server
// reads byte by byte, and no command before it has answered the one before.
func served(t testing.TB, box *mailbox) (client net.Conn, sent func() int) {
	client, server := net.Pipe()
	var mu sync.Mutex
	count := 0
	done := make(chan struct{})
	say := func(s string) error {
		for len(s) > 0 {
			n, err := io.WriteString(server, s[:min(len(s), 1000)])
			mu.Lock()
			count += n
			mu.Unlock()
			if err != nil {
				return err
			}
			s = s[n:]
		}
		return nil
	}
	go func() {
		defer close(done)
		defer server.Close()
		err := say("+OK\r\n")
		for err == nil {
			var line string
			if line, err = bytewise(server); err == nil {
				reply, _, hang := strings.Cut(box.answer(line), "HANG")
				if err = say(reply); hang {
					io.Copy(io.Discard, server)
				}
			}
		}
	}()
	t.Cleanup(func() { client.Close(); <-done })
	return client, func() int { mu.Lock(); defer mu.Unlock(); return count }
}

func bytewise(r io.Reader) (string, error) {
	var line []byte
	for {
		var b [1]byte
		if _, err := r.Read(b[:]); err != nil {
			return "", err
		}
		if line = append(line, b[0]); b[0] == '\n' {
			return strings.TrimSuffix(string(line), "\r\n"), nil
		}
	}
}
