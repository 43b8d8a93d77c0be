package pop3conn_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// reference undoes the stuffing of a message at the beginning of stream, and
// reports whether it is complete.
func reference(stream string) (message string, complete bool) {
	s := "\r\n" + stream
	if i := strings.Index(s, "\r\n.\r\n"); i >= 0 {
		s, complete = s[:i+2], true
	}
	return strings.ReplaceAll(s, "\r\n.", "\r\n")[2:], complete
}

// bodies are messages as they are on the wire, with their ends.
func bodies() map[string]string {
	return map[string]string{
		".\r\n":                     "",
		"\r\n.\r\n":                 "\r\n",
		"a\r\n.\r\n":                "a\r\n",
		"..\r\n.\r\n":               ".\r\n",
		"...\r\n..\r\n.\r\n":        "..\r\n.\r\n",
		".a\r\n.\r\n":               "a\r\n",
		"a\r\n..b\r\n...c\r\n.\r\n": "a\r\n.b\r\n..c\r\n",
		"a\n.\r\nb\r\n.\r\n":        "a\n.\r\nb\r\n",
		"a\n.\nb\r\n.\r\n":          "a\n.\nb\r\n",
		"a\r.\r\nb\r\n.\r\n":        "a\r.\r\nb\r\n",
		"a\r\r\n.\r\n":              "a\r\r\n",
		".\n\r\n.\r\n":              "\n\r\n",
		".\r.\r\n.\r\n":             "\r.\r\n",
		".\r\r\n.\r\n":              "\r\r\n",
		"a.\r\n.\r\n":               "a.\r\n",
		"\x00\xff\x00\r\n.\r\n":     "\x00\xff\x00\r\n",
		"\r\n\r\n\n\n\r\r\n.\r\n":   "\r\n\r\n\n\n\r\r\n",
		"-ERR\r\n+OK\r\n.\r\n":      "-ERR\r\n+OK\r\n",
		strings.Repeat("x", 90<<10) + "\r\n.\r\n":         strings.Repeat("x", 90<<10) + "\r\n",
		strings.Repeat("..y\r\n", 20<<10) + ".\r\n":       strings.Repeat(".y\r\n", 20<<10),
		strings.Repeat("x", 32<<10-9) + "\r\n..\r\n.\r\n": strings.Repeat("x", 32<<10-9) + "\r\n.\r\n",
	}
}

// TestBodies reads every message in every segmentation, and with small and
// large reads; the command after it finds the session in step.
func TestBodies(t *testing.T) {
	for wire, want := range bodies() {
		segments := []int{1, 2, 3, 4, 5, 7, 4096, 0}
		if len(wire) > 1000 {
			segments = []int{7, 4093, 0}
		}
		for _, seg := range segments {
			for name, wrap := range map[string]func(io.Reader) io.Reader{
				"as it comes": func(r io.Reader) io.Reader { return r },
				"one byte":    iotest.OneByteReader,
				"half":        iotest.HalfReader,
				"WriteTo":     copied,
			} {
				c := mustBegin(t, answering(seg, "+OK\r\n"+wire, "+OK\r\n"))
				r, err := c.Retr(ctx, 1)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(wrap(r))
				if string(got) != want || err != nil {
					t.Errorf("%.40q in segments of %d, %s: %.40q, %v", wire, seg, name, got, err)
				}
				if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
					t.Errorf("behind the end: %d, %v", n, err)
				}
				if err := errors.Join(r.Close(), c.Noop(ctx)); err != nil {
					t.Errorf("%.40q in segments of %d, %s: then %v", wire, seg, name, err)
				}
			}
		}
	}
}

// copied reads all of r through its WriteTo.
func copied(r io.Reader) io.Reader {
	var b bytes.Buffer
	if _, err := r.(io.WriterTo).WriteTo(&b); err != nil {
		return iotest.ErrReader(err)
	}
	return &b
}

// TestWriteTo: what one writer did not take is there for the next, and a
// message that was cut short is an error.
func TestWriteTo(t *testing.T) {
	c := mustBegin(t, answering(0, "+OK\r\nabc\r\n..d\r\n.\r\n", "+OK\r\nabc\r\n."))
	r, err := c.Retr(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("full")
	if n, err := io.Copy(&narrow{2, full}, r); n != 2 || err != full {
		t.Errorf("%d, %v", n, err)
	}
	check(t, "rest", readAll(t, r, nil), nil, "c\r\n.d\r\n")
	if r, err = c.Retr(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, r); n != 5 || err != io.ErrUnexpectedEOF {
		t.Errorf("cut short: %d, %v", n, err)
	}
}

// narrow is a writer that takes so many bytes.
type narrow struct {
	room int
	err  error
}

func (w *narrow) Write(p []byte) (int, error) {
	n := min(len(p), w.room)
	if w.room -= n; n < len(p) {
		return n, w.err
	}
	return n, nil
}

// TestEverySplit cuts messages in two at every place.
func TestEverySplit(t *testing.T) {
	for wire, want := range bodies() {
		for i := 1; i < min(len(wire), 30); i++ {
			conn := play(t, with(old(), "C: RETR 1", "S: +OK", "R: "+wire[:i], "R: "+wire[i:])...)
			r, err := mustBegin(t, conn).Retr(ctx, 1)
			if got := readAll(t, r, err); got != want {
				t.Errorf("%.40q cut at %d: %.40q", wire, i, got)
			}
			conn.Close()
		}
	}
}

// TestCutShort ends the connection at every byte of a message: none of it may
// pass for whole.
func TestCutShort(t *testing.T) {
	for wire, want := range bodies() {
		for i := range min(len(wire), 100) {
			for _, seg := range []int{1, 0} {
				conn := answering(seg, "+OK\r\n"+wire[:i], "+OK\r\n")
				c := mustBegin(t, conn)
				r, err := c.Retr(ctx, 1)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(r)
				if err != io.ErrUnexpectedEOF || !strings.HasPrefix(want, string(got)) {
					t.Errorf("%.40q cut at %d: %.40q, %v", wire, i, got, err)
				}
				if _, err := r.Read(make([]byte, 1)); err != io.ErrUnexpectedEOF {
					t.Errorf("read again: %v", err)
				}
				if err := c.Noop(ctx); !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || !conn.closed {
					t.Errorf("then %v", err)
				}
			}
		}
	}
}

func FuzzBody(f *testing.F) {
	for wire := range bodies() {
		f.Add([]byte(wire[:min(len(wire), 100)]), uint8(3), uint8(5))
	}
	f.Fuzz(func(t *testing.T, stream []byte, seg, size uint8) {
		c := mustBegin(t, answering(int(seg), "+OK\r\n"+string(stream)))
		r, err := c.Retr(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if size == 0 {
			_, err = io.Copy(&got, r)
		} else {
			_, err = io.CopyBuffer(&got, struct{ io.Reader }{r}, make([]byte, size))
		}
		want, complete := reference(string(stream))
		switch {
		case complete && (err != nil || got.String() != want):
			t.Fatalf("%q: %q, %v; want %q", stream, got.String(), err, want)
		case !complete && (err != io.ErrUnexpectedEOF || !strings.HasPrefix(want, got.String()) || len(want)-got.Len() > len("\r")):
			t.Fatalf("%q: %q, %v", stream, got.String(), err)
		}
	})
}

// TestStreaming: the first bytes of a message are there before the last.
func TestStreaming(t *testing.T) {
	conn := play(t, with(old(), "C: RETR 1", "S: +OK", "R: a", "C: seen", "R: \r\n.", "C: seen", "R: \r\n")...)
	r, err := mustBegin(t, conn).Retr(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 10)
	for _, want := range []string{"a", "\r\n"} {
		if n, err := r.Read(p); string(p[:n]) != want || err != nil {
			t.Fatalf("%q, %v; want %q", p[:n], err, want)
		}
		io.WriteString(conn, "seen\r\n")
	}
	if n, err := r.Read(p); n != 0 || err != io.EOF {
		t.Errorf("%d, %v", n, err)
	}
}
