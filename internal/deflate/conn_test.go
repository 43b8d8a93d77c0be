package deflate

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/policy"
)

// pipe is a connection whose Read returns what the test says.
type pipe struct {
	net.Conn
	reads []any // []byte or error
	wrote bytes.Buffer
	fails error
}

func (p *pipe) Read(b []byte) (int, error) {
	if len(p.reads) == 0 {
		return 0, io.EOF
	}
	next := p.reads[0]
	p.reads = p.reads[1:]
	if err, ok := next.(error); ok {
		return 0, err
	}
	return copy(b, next.([]byte)), nil
}

func (p *pipe) Write(b []byte) (int, error) {
	p.wrote.Write(b)
	return len(b), p.fails
}

func (p *pipe) Abort() error { return nil }

// A read that a deadline has interrupted goes on where it was, wherever that is.
func TestInterruptedRead(t *testing.T) {
	text := []byte(strings.Repeat("* 1 FETCH (FLAGS (\\Seen))\r\n", 3))
	input := deflated(text, 6)
	for cut := range input {
		p := &pipe{reads: []any{input[:cut], os.ErrDeadlineExceeded, input[cut:]}}
		c := New(p, nil)
		out, err := io.ReadAll(c)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if rest, err := io.ReadAll(c); !bytes.Equal(append(out, rest...), text) || err != nil {
			t.Errorf("cut at %d: %q %q, %v", cut, out, rest, err)
		}
	}
}

func TestReadErrors(t *testing.T) {
	input := deflated([]byte("hello"), 6)
	for name, c := range map[string]struct {
		behind []byte
		reads  []any
		text   string
		err    error
	}{
		"read already":       {behind: input, text: "hello", err: nil},
		"the end":            {reads: []any{input}, text: "hello", err: nil},
		"something behind":   {reads: []any{input, []byte("more")}, text: "hello", err: nil},
		"cut off":            {reads: []any{input[:8]}, text: "hello", err: nil},
		"clear text":         {reads: []any{[]byte("* OK\r\n")}, text: "p", err: policy.ErrMalformed},
		"clear text, behind": {behind: []byte("T1 OK done\r\n"), err: policy.ErrMalformed},
		"reset":              {reads: []any{os.ErrClosed}, err: os.ErrClosed},
	} {
		conn := New(&pipe{reads: c.reads}, c.behind)
		text, err := io.ReadAll(conn)
		if string(text) != c.text || !errors.Is(err, c.err) {
			t.Errorf("%s: %q, %v", name, text, err)
		}
		if _, again := conn.Read(make([]byte, 1)); c.err == policy.ErrMalformed && !errors.Is(again, c.err) {
			t.Errorf("%s: then %v", name, again)
		}
	}
}

// Each write can be inflated as a whole when it has been sent, and a client that sends
// short commands needs no compressor for them.
func TestWrite(t *testing.T) {
	p := &pipe{}
	c := New(p, nil)
	said := ""
	long := strings.Repeat("a line of a message\r\n", 10_000)
	for _, text := range []string{"T1 NOOP\r\n", "", "T2 APPEND x {5}\r\n", long, "T3 NOOP\r\n", long[:5000]} {
		before := p.wrote.Len()
		n, err := c.Write([]byte(text))
		if n != len(text) || err != nil {
			t.Fatalf("%.20q: %d, %v", text, n, err)
		}
		said += text
		got := make([]byte, len(said))
		r := &hungry{r: bytes.NewReader(p.wrote.Bytes())} // a flate.Reader holds back what was not flushed
		if _, err := io.ReadFull(flate.NewReader(r), got); err != nil || string(got) != said || r.asked {
			t.Errorf("%.20q: %d bytes of %d, %v", text, len(got), len(said), err)
		}
		sent := p.wrote.Len() - before
		if len(text) < worthwhile && c.writer == nil && sent > len(text)+10 || len(text) == len(long) && sent > len(long)/20 {
			t.Errorf("%.20q: %d bytes sent of %d", text, sent, len(text))
		}
	}
	if c.writer == nil {
		t.Error("nothing was compressed")
	}
	p.fails = os.ErrDeadlineExceeded
	if _, err := c.Write([]byte(long)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a write that fails: %v", err)
	}
}

// What takes 1,000 times as much when it is inflated takes no more memory.
func TestBombTakesNoMemory(t *testing.T) {
	var bomb bytes.Buffer
	w, _ := flate.NewWriter(&bomb, flate.BestSpeed)
	w.Write(make([]byte, 5<<20))
	w.Close()
	c := New(&pipe{}, bomb.Bytes())
	buf := make([]byte, 4096)
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := c.Read(buf); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations a read", n)
	}
}

// A deadline of the connection is one of the reads and writes.
func TestDeadline(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	c := New(struct {
		net.Conn
		aborter
	}{here, aborter{}}, nil)
	c.SetReadDeadline(time.Now().Add(-time.Second))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v", err)
	}
	c.SetReadDeadline(time.Time{})
	go there.Write(deflated([]byte("x"), 6))
	if n, err := c.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("then %d, %v", n, err)
	}
}

type aborter struct{}

func (aborter) Abort() error { return nil }

// hungry is a reader that knows whether it was asked for more than it has.
type hungry struct {
	r     *bytes.Reader
	asked bool
}

func (h *hungry) Read(p []byte) (int, error) {
	h.asked = h.asked || h.r.Len() == 0
	return h.r.Read(p)
}
