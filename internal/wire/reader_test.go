package wire_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// readAll reads lines until an error.
func readAll(r *wire.Reader) (lines []string, err error) {
	for {
		line, err := r.ReadLine()
		if err != nil {
			return lines, err
		}
		lines = append(lines, line)
	}
}

// segmentations are ways in which the same bytes can arrive.
func segmentations(s string) map[string]io.Reader {
	return map[string]io.Reader{
		"whole":    strings.NewReader(s),
		"bytes":    iotest.OneByteReader(strings.NewReader(s)),
		"halves":   iotest.HalfReader(strings.NewReader(s)),
		"with EOF": iotest.DataErrReader(strings.NewReader(s)),
	}
}

func TestReader(t *testing.T) {
	limit := wire.Limits{Line: 10, Lines: 3, Total: 25}
	for _, c := range []struct {
		in    string
		lines string // joined by |
		err   error
	}{
		{"", "", io.EOF},
		{"a\r\nb\r\n", "a|b", io.EOF},
		{"\r\n", "", io.EOF},
		{"a\tb\x1b\r\n", "a\tb\x1b", io.EOF},
		{"\xff\r\n", "\xff", io.EOF},
		{"a\nb\r\n", "", policy.ErrMalformed},
		{"a\rb\r\n", "", policy.ErrMalformed},
		{"a\r\r\n", "", policy.ErrMalformed},
		{"\n", "", policy.ErrMalformed},
		{"a\r\n\nb", "a", policy.ErrMalformed},
		{"a\x00\r\n", "", policy.ErrMalformed},
		{"a\r\n\x00\r\n", "a", policy.ErrMalformed},
		{"abc", "", io.ErrUnexpectedEOF},
		{"abc\r", "", io.ErrUnexpectedEOF},
		{"a\r\nb", "a", io.ErrUnexpectedEOF},
		{"12345678\r\n", "12345678", io.EOF}, // exactly the line's limit
		{"123456789\r\n", "", policy.ErrLimit},
		{"12345678901", "", policy.ErrLimit},
		{"1\r\n2\r\n3\r\n", "1|2|3", io.EOF}, // exactly the number
		{"1\r\n2\r\n3\r\n4\r\n", "1|2|3", policy.ErrLimit},
		{"12345678\r\n12345678\r\n123\r\n", "12345678|12345678|123", io.EOF}, // exactly the total
		{"12345678\r\n12345678\r\n1234\r\n", "12345678|12345678", policy.ErrLimit},
	} {
		for how, in := range segmentations(c.in) {
			r := wire.NewReader(in, limit)
			lines, err := readAll(r)
			if got := strings.Join(lines, "|"); got != c.lines || !errors.Is(err, c.err) {
				t.Errorf("%q (%s): %q, %v; want %q, %v", c.in, how, got, err, c.lines, c.err)
			}
			var closed *wire.Closed
			ended := errors.Is(c.err, io.EOF) || errors.Is(c.err, io.ErrUnexpectedEOF)
			if errors.As(err, &closed) != ended {
				t.Errorf("%q (%s): error is %T", c.in, how, err)
			} else if ended && (!errors.Is(err, io.EOF) || !closed.Temporary()) {
				t.Errorf("%q (%s): EOF is not in the chain of %v", c.in, how, err)
			}
			if c.err == io.EOF && errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%q (%s): a clean end is reported as a broken line", c.in, how)
			}
		}
	}
}

// The limits that DESIGN.md promises, with lines longer than the buffer below.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		limit              wire.Limits
		line, lines, total int
	}{
		{wire.Greeting(), 8 << 10, 256, 64 << 10},
		{wire.SASL(), 16 << 10, 256, 256 << 10},
	} {
		for _, over := range []int{0, 1} {
			want := []error{io.EOF, policy.ErrLimit}[over]
			line := strings.Repeat("x", c.line-2+over) + "\r\n"
			count := strings.Repeat("\r\n", c.lines+over)
			total := strings.Repeat(strings.Repeat("x", 1022)+"\r\n", c.total/1024) + strings.Repeat("x", over)
			for name, in := range map[string]string{"line": line, "lines": count, "total": total} {
				if _, err := readAll(wire.NewReader(strings.NewReader(in), c.limit)); !errors.Is(err, want) {
					t.Errorf("%s over by %d: %v", name, over, err)
				}
			}
		}
	}
}

// Of an endless line little more than the limit is read.
func TestBounded(t *testing.T) {
	source := &endless{}
	_, err := wire.NewReader(source, wire.Greeting()).ReadLine()
	if !errors.Is(err, policy.ErrLimit) || source.n > 16<<10 {
		t.Errorf("took %d bytes: %v", source.n, err)
	}
	if len(err.Error()) > 512 {
		t.Errorf("error of %d bytes", len(err.Error()))
	}
}

type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	e.n += len(p)
	return len(p), nil
}

func TestRenew(t *testing.T) {
	r := wire.NewReader(strings.NewReader("1\r\n2\r\n3\r\n"), wire.Limits{Line: 10, Lines: 2, Total: 6})
	for i := range 3 {
		if i == 2 {
			r.Renew(wire.Limits{Line: 10, Lines: 1, Total: 3})
		}
		if _, err := r.ReadLine(); err != nil {
			t.Fatal(i, err)
		}
	}
}

func TestSkip(t *testing.T) {
	limit := wire.Limits{Line: 10, Lines: 10, Total: 20}
	for _, c := range []struct {
		in   string
		n    int64
		next string
		err  error
	}{
		{"abc\r\n", 0, "abc", nil},
		{"\x00\r\n\nx\r\n", 4, "x", nil}, // a literal may hold anything
		{strings.Repeat("x", 18) + "\r\n", 18, "", nil},
		{"0123456789012345678901234567890\r\n", 20, "", policy.ErrLimit}, // the next line is over
		{"abc", 21, "", policy.ErrLimit},
		{"abc", 1<<63 - 1, "", policy.ErrLimit},
		{"abc", 4, "", io.EOF},
	} {
		r := wire.NewReader(strings.NewReader(c.in), limit)
		err := r.Skip(c.n)
		var next string
		if err == nil {
			next, err = r.ReadLine()
		}
		if next != c.next || !errors.Is(err, c.err) {
			t.Errorf("Skip(%d) of %q: %q, %v", c.n, c.in, next, err)
		}
	}
}

func TestBuffered(t *testing.T) {
	r := wire.NewReader(strings.NewReader("one\r\n\x1b[2Jtwo\r\nthree"), wire.Greeting())
	if _, err := r.ReadLine(); err != nil {
		t.Fatal(err)
	}
	if got := r.Waiting(); got != "\ufffd[2Jtwo" {
		t.Errorf("Waiting: %q", got)
	}
	if got := r.First(); string(got[:]) != "on" {
		t.Errorf("First: %q", got)
	}
	if got := string(r.Take()); got != "\x1b[2Jtwo\r\nthree" || r.Buffered() != 0 {
		t.Errorf("Take: %q and %d are left", got, r.Buffered())
	}
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{"* OK x\r\n", "250-a\r\n250 b\r\n", "a\nb", "a\r\r\n", "\x00\r\n", "\x16\x03\x01", strings.Repeat("x", 100)} {
		f.Add([]byte(s), int64(3))
	}
	limit := wire.Limits{Line: 32, Lines: 8, Total: 128}
	f.Fuzz(func(t *testing.T, in []byte, skip int64) {
		r := wire.NewReader(bytes.NewReader(in), limit)
		total, count := 0, 0
		for {
			line, err := r.ReadLine()
			if err != nil {
				break
			}
			if strings.ContainsAny(line, "\r\n\x00") {
				t.Fatalf("line %q", line)
			}
			total += len(line) + 2
			count++
			if total > int(limit.Total) || len(line)+2 > int(limit.Line) || count > int(limit.Lines) {
				t.Fatalf("line %d of %d bytes, %d in all", count, len(line), total)
			}
			if !bytes.HasPrefix(in, []byte(line+"\r\n")) && count == 1 {
				t.Fatalf("line %q is not how %q begins", line, in)
			}
			if skip >= 0 && r.Skip(skip) == nil {
				if total += int(skip); total > int(limit.Total) {
					t.Fatalf("skipped to %d bytes", total)
				}
			}
		}
	})
}

// Read returns no more than a line, and leaves the rest in the Reader.
func TestReadStopsAtALine(t *testing.T) {
	r := wire.NewReader(strings.NewReader("one\r\ntwo\r\nthree"), wire.Greeting())
	buf := make([]byte, 100)
	if n, err := r.Read(buf); err != nil || string(buf[:n]) != "one\r\n" {
		t.Errorf("%q, %v", buf[:n], err)
	}
	if line, err := r.ReadLine(); err != nil || line != "two" {
		t.Errorf("%q, %v", line, err)
	}
	if n, err := r.Read(buf[:3]); err != nil || string(buf[:n]) != "thr" {
		t.Errorf("%q, %v", buf[:n], err)
	}
	r.Read(buf)
	if _, err := r.Read(buf); err != io.EOF {
		t.Error(err)
	}
}
