package smtpconn_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// sink answers yes to everything without allocating, so that what a benchmark
// counts is the client's.
func sink(conn net.Conn) {
	in, out := bufio.NewReaderSize(conn, 64<<10), bufio.NewWriter(conn)
	out.WriteString("220 x\r\n")
	for data := false; ; {
		if in.Buffered() == 0 {
			out.Flush()
		}
		line, err := in.ReadSlice('\n')
		switch {
		case err != nil:
			return
		case data:
			if data = string(line) != ".\r\n"; !data {
				out.WriteString("250 2.0.0 queued as 4XyZ\r\n")
			}
		case bytes.HasPrefix(line, []byte("EHLO")):
			out.WriteString("250-x\r\n250-SIZE\r\n250 PIPELINING\r\n")
		case bytes.HasPrefix(line, []byte("DATA")):
			data = true
			out.WriteString("354 go\r\n")
		default:
			out.WriteString("250 ok\r\n")
		}
	}
}

// timeless is a pipe without its deadlines, which allocate; a socket's do not. It counts
// writes.
type timeless struct {
	net.Conn
	writes *int
}

func (c timeless) Write(p []byte) (int, error) {
	*c.writes++
	return c.Conn.Write(p)
}

func (timeless) SetDeadline(time.Time) error      { return nil }
func (timeless) SetReadDeadline(time.Time) error  { return nil }
func (timeless) SetWriteDeadline(time.Time) error { return nil }

func dialSink(t testing.TB) *smtpconn.Client {
	c, _ := dialCountingSink(t)
	return c
}

func dialCountingSink(t testing.TB) (c *smtpconn.Client, writes *int) {
	client, server := net.Pipe()
	go sink(server)
	writes = new(int)
	conn, err := new(dial.Dialer).NewConn(t.Context(), timeless{client, writes}, dial.Endpoint{Protocol: policy.SMTP, Host: "mail.test", Policy: policy.NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	c, err = smtpconn.New(t.Context(), conn, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Abort() })
	return c, writes
}

// many sends n messages of 2 KB to the recipients.
func many(t testing.TB, c *smtpconn.Client, n int, to []string) {
	seq := func(yield func(smtpconn.Message) bool) {
		for range n {
			if !yield(smtpconn.Message{Envelope: smtpconn.Envelope{From: "a@mail.test", To: to}, Content: bytes.NewReader(twoKB)}) {
				return
			}
		}
	}
	for _, err := range c.SendEach(t.Context(), seq) {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func recipients(n int) (to []string) {
	for i := range n {
		to = append(to, fmt.Sprintf("r%d@mail.test", i))
	}
	return to
}

// A message in a stream costs at most 10 allocations, its reader included.
func TestAllocations(t *testing.T) {
	c := dialSink(t)
	for _, n := range []int{1, 10} {
		to := recipients(n)
		many(t, c, 10, to)
		if got := testing.AllocsPerRun(5, func() { many(t, c, 100, to) }) / 100; got > 10 {
			t.Errorf("%d recipients: %v allocations a message", n, got)
		}
	}
}

func BenchmarkStream(b *testing.B) {
	for _, n := range []int{1, 10} {
		b.Run(fmt.Sprintf("%d recipients", n), func(b *testing.B) {
			c := dialSink(b)
			b.ReportAllocs()
			many(b, c, b.N, recipients(n))
		})
	}
}

// one sends a message of 2 KB by itself, within a context that can end.
func one(t testing.TB, ctx context.Context, c *smtpconn.Client, body []byte, to []string) {
	if _, err := c.Send(ctx, smtpconn.Envelope{From: "a@mail.test", To: to}, bytes.NewReader(body)); err != nil {
		t.Fatal(err)
	}
}

var twoKB = bytes.Repeat([]byte("0123456789012345678901234567890123456789\r\n"), 50)

// So does a message by itself.
func TestAllocationsOfOne(t *testing.T) {
	c := dialSink(t)
	for _, n := range []int{1, 10} {
		to := recipients(n)
		if got := testing.AllocsPerRun(100, func() { one(t, t.Context(), c, twoKB, to) }); got > 10 {
			t.Errorf("%d recipients: %v allocations", n, got)
		}
	}
}

func BenchmarkSend(b *testing.B) {
	c := dialSink(b)
	to := recipients(1)
	b.ReportAllocs()
	for range b.N {
		one(b, b.Context(), c, twoKB, to)
	}
}

var tenMB = bytes.Repeat(twoKB, 10<<20/len(twoKB))

// A big message costs as many allocations as a small one, and a write for every 32 KB.
func TestBigContent(t *testing.T) {
	c, writes := dialCountingSink(t)
	to := recipients(1)
	one(t, t.Context(), c, tenMB, to)
	*writes = 0
	const runs = 2
	got := testing.AllocsPerRun(runs, func() { one(t, t.Context(), c, tenMB, to) })
	if most := (runs + 1) * (len(tenMB)/(32<<10) + 10); got > 10 || *writes > most {
		t.Errorf("%v allocations, and %d writes for %d messages of %d bytes", got, *writes, runs+1, len(tenMB))
	}
}

func BenchmarkData(b *testing.B) {
	c, writes := dialCountingSink(b)
	to := recipients(1)
	b.ReportAllocs()
	b.SetBytes(int64(len(tenMB)))
	for range b.N {
		one(b, b.Context(), c, tenMB, to)
	}
	b.ReportMetric(float64(*writes)/float64(b.N), "writes/op")
}
