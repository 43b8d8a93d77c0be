package pop3conn_test

import (
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/pop3conn"
)

// loop is a connection in memory that gives the same reply over and over.
type loop struct {
	canned
	reply string
	at    int
	mu    sync.Mutex
}

func (l *loop) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.canned.Write(p)
}

func (l *loop) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.canned.Close()
}

func (l *loop) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reply == "" {
		return l.canned.Read(p)
	}
	if l.at == len(l.reply) {
		return 0, io.EOF
	}
	n := copy(p, l.reply[l.at:])
	l.at += n
	return n, nil
}

// ReadNow does not find the reply that is given over and over: a command comes first.
func (l *loop) ReadNow(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ready == "" {
		return 0, os.ErrDeadlineExceeded
	}
	return l.canned.Read(p)
}

func (l *loop) rewind() { l.at = 0 }

// endless returns a session in which every command is given the same reply,
// after rewind.
func endless(t testing.TB, reply string) (*loop, *pop3conn.Client) {
	l := &loop{canned: *answering(0)}
	c := mustBegin(t, l)
	l.reply = reply
	return l, c
}

// ahead is endless where commands are sent ahead of replies.
func ahead(t testing.TB, reply string) (*loop, *pop3conn.Client) {
	l := &loop{canned: canned{ready: "+OK\r\n", replies: []string{"+OK\r\nPIPELINING\r\n.\r\n"}}}
	c := mustBegin(t, l)
	l.reply = reply
	return l, c
}

// BenchmarkRetrEach is a loop over 200 messages of 4 KB.
func BenchmarkRetrEach(b *testing.B) {
	const n = 200
	message := strings.Repeat(strings.Repeat("x", 76)+"\r\n", 52)
	conn, c := ahead(b, strings.Repeat("+OK\r\n"+message+".\r\n", n))
	msgs := listings(n)
	b.SetBytes(n * int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		conn.rewind()
		for m, err := range c.RetrEach(ctx, msgs) {
			if err == nil {
				_, err = io.Copy(io.Discard, m)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func benchmarkRetr(b *testing.B, message string) {
	conn, c := endless(b, "+OK\r\n"+message+".\r\n")
	p := make([]byte, 32<<10)
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		conn.rewind()
		r, err := c.Retr(ctx, 1)
		for err == nil {
			_, err = r.Read(p)
		}
		if err != io.EOF {
			b.Fatal(err)
		}
	}
}

func BenchmarkRetr4K(b *testing.B) {
	benchmarkRetr(b, strings.Repeat(strings.Repeat("x", 76)+"\r\n", 52))
}

func BenchmarkRetr1M(b *testing.B) {
	benchmarkRetr(b, strings.Repeat(strings.Repeat("x", 76)+"\r\n", 1<<20/78))
}

func BenchmarkRetr1MDots(b *testing.B) {
	benchmarkRetr(b, strings.Repeat(".."+strings.Repeat("x", 75)+"\r\n", 1<<20/79))
}

func BenchmarkUIDLAll(b *testing.B) {
	conn, c := endless(b, "+OK\r\n"+strings.Repeat("123 00000a1b5f3c2d4e\r\n", 1000)+".\r\n")
	b.ReportAllocs()
	for b.Loop() {
		conn.rewind()
		if _, err := c.UIDLAll(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

// TestAllocations: what a message costs does not depend on its lines.
func TestAllocations(t *testing.T) {
	few, many := allocations(t, 1), allocations(t, 10_000)
	if few != many || few > 4 {
		t.Errorf("%v allocations for 1 line, %v for 10,000", few, many)
	}
}

func allocations(t *testing.T, lines int) float64 {
	conn, c := endless(t, "+OK\r\n"+strings.Repeat("..a line of text\r\n", lines)+".\r\n")
	p := make([]byte, 4096)
	return testing.AllocsPerRun(20, func() {
		conn.rewind()
		r, err := c.Retr(ctx, 1)
		for err == nil {
			_, err = r.Read(p)
		}
		if err != io.EOF {
			t.Fatal(err)
		}
	})
}
