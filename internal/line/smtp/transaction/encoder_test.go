package transaction_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/textproto"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/mailconn/mailconn/internal/line/smtp/transaction"
	"github.com/mailconn/mailconn/internal/test/lineends"
)

// encode reads content in steps of size bytes.
func encode(e transaction.Encoder, size int) (out []byte, err error) {
	buf := make([]byte, size)
	for !e.Done() {
		n, err := e.Fill(buf)
		if err != nil {
			return out, err
		}
		out = append(out, buf[:n]...)
	}
	return out, nil
}

// FuzzContent compares what is sent with simple references for what it should
// be, however the content is cut into reads and writes.
func FuzzContent(f *testing.F) {
	for _, s := range []string{"", ".", "..\r\n.", "a\r\n.\r\nb", "a\n.\nb", "a\r.\rb", "\r\n", "\xff\r", strings.Repeat("x\r\n.", 50), strings.Repeat(".\r\n", 50), strings.Repeat("\n.", 50)} {
		f.Add([]byte(s), 17, 3)
	}
	f.Fuzz(func(t *testing.T, b []byte, size, cut int) {
		size = 16 + max(size, -size)%200
		src := iotest.OneByteReader(bytes.NewReader(b))
		if cut%2 == 0 {
			src = bytes.NewReader(b)
		}
		want := stuffed(lineends.Mended(string(b)))
		got, err := encode(transaction.Encoder{Source: src}, size)
		bare, left := lineends.FirstBare(string(b)) >= 0, lineends.FirstBare(string(got)+"\r\n") >= 0
		if bare != errors.Is(err, transaction.ErrLineEnds) || !bare && string(got) != want || left && !bytes.HasSuffix(got, []byte("\r")) {
			t.Fatalf("%q: %q, %v", b, got, err)
		}
		if got, err = encode(transaction.Encoder{Source: bytes.NewReader(b), Normalize: true}, size); err != nil || string(got) != want {
			t.Fatalf("mended %q: %q, %v", b, got, err)
		}
		if _, err := encode(transaction.Encoder{Source: bytes.NewReader(b), ASCII: true, Normalize: true}, size); (err != nil) != bytes.ContainsFunc(b, func(r rune) bool { return r >= 0x80 }) {
			t.Fatalf("8 bit %q: %v", b, err)
		}
	})
}

// stuffed doubles dots by the standard library, which ends with a dot of its own.
func stuffed(lines string) string {
	var b strings.Builder
	w := bufio.NewWriter(&b)
	dots := textproto.NewWriter(w).DotWriter()
	io.WriteString(dots, lines)
	dots.Close()
	w.Flush()
	if lines == "" {
		return "" // RFC 5321 §4.1.1.4: nothing comes before the dot
	}
	return strings.TrimSuffix(b.String(), ".\r\n")
}
