package imapconn_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// A body of 20 MB comes as it is, and in bounded room: what is measured is the server's
// as well.
func TestFetchEachOfALargeBody(t *testing.T) {
	text := bytes.Repeat([]byte("0123456789abcd\r\n"), 20<<20/16)
	s := &recorder{answer: func(command string) string {
		_, part, ok := strings.Cut(command, "BODY.PEEK[]<")
		if !ok {
			return fmt.Sprintf("* 1 FETCH (UID 1 RFC822.SIZE %d)\r\n", len(text))
		}
		var from, n int
		fmt.Sscanf(part, "%d.%d>", &from, &n)
		piece := text[min(from, len(text)):min(from+n, len(text))]
		return fmt.Sprintf("* 1 FETCH (UID 1 RFC822.SIZE %d BODY[]<%d> {%d}\r\n%s)\r\n", len(text), from, len(piece), piece)
	}}
	c := s.session(t, "", nil)
	before := liveHeap()
	for m, err := range c.FetchEach(t.Context(), all(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		piece, at, most := make([]byte, 1<<20), 0, uint64(0)
		for {
			n, err := io.ReadFull(m, piece)
			if !bytes.Equal(piece[:n], text[at:at+n]) {
				t.Fatalf("another content at %d", at)
			}
			if at += n; at%(4<<20) == 0 {
				most = max(most, liveHeap())
			}
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if at != len(text) || most > before+8<<20 {
			t.Errorf("%d bytes, and %d held beyond %d", at, most, before)
		}
	}
}
