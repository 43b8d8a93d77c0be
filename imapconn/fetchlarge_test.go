package imapconn_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/internal/test/heap"
)

// inPieces answers for a mailbox with one message, of which parts are asked for.
func inPieces(text []byte) func(command string) string {
	return func(command string) string {
		_, part, ok := strings.Cut(command, "BODY.PEEK[]<")
		switch {
		case !strings.HasPrefix(command, "UID FETCH"):
			return ""
		case !ok:
			return fmt.Sprintf("* 1 FETCH (UID 1 RFC822.SIZE %d)\r\n", len(text))
		}
		var from, n int
		fmt.Sscanf(part, "%d.%d>", &from, &n)
		piece := text[min(from, len(text)):min(from+n, len(text))]
		return fmt.Sprintf("* 1 FETCH (UID 1 RFC822.SIZE %d BODY[]<%d> {%d}\r\n%s)\r\n", len(text), from, len(piece), piece)
	}
}

// A body of 20 MB comes as it is, and in bounded room.
func TestFetchEachOfALargeBody(t *testing.T) {
	text := bytes.Repeat([]byte("0123456789abcd\r\n"), 20<<20/16)
	s := &recorder{answer: inPieces(text)}
	c := s.session(t, "", nil)
	before := heap.InUse()
	for m, err := range c.FetchEach(t.Context(), all(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		piece, at := make([]byte, 1<<20), 0
		for {
			n, err := io.ReadFull(m, piece)
			if !bytes.Equal(piece[:n], text[at:at+n]) {
				t.Fatalf("another content at %d", at)
			}
			at += n
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if held := heap.InUse(); at != len(text) || held > before+8<<20 { // the server is at rest
			t.Errorf("%d bytes, and %d held, %d before", at, held, before)
		}
	}
}

// The first round trip brings 1.5 MB of a large body, and each more than the one before while the
// program reads. A command that is sent meanwhile has its turn, and a program that reads nothing does
// not keep it waiting.
func TestFetchEachOfADistantBody(t *testing.T) {
	const size, trip = 20 << 20, 100 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		s := &recorder{answer: inPieces(bytes.Repeat([]byte("x"), size))}
		c := far(t, s, 0)
		var begin time.Time
		for m, err := range c.FetchEach(t.Context(), all(), nil) {
			if err != nil {
				t.Fatal(err)
			}
			begin = time.Now()
			if _, err := io.CopyN(io.Discard, m, 1<<20); err != nil {
				t.Fatal(err)
			}
			done := make(chan error)
			go func() { done <- c.Noop().Wait() }()
			if err := <-done; err != nil { // nothing is read meanwhile
				t.Error(err)
			}
			go func() { done <- c.Noop().Wait() }()
			if n, err := io.Copy(io.Discard, m); n != size-1<<20 || err != nil {
				t.Error(n, err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if trips := time.Since(begin) / trip; trips > 12 {
			t.Errorf("%d round trips", trips)
		}
		if at := slices.Index(s.take(), "NOOP"); at < 0 {
			t.Error("no NOOP")
		}
	})
}

// near dials a server by a pipe.
type near struct{ *recorder }

func (n near) DialContext(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go n.serve(server, "")
	return client, nil
}
