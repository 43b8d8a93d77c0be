package imapconn_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// A body of 20 MB comes as it is, and in bounded room.
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
		if held := liveHeap(); at != len(text) || held > before+8<<20 { // the server is at rest
			t.Errorf("%d bytes, and %d held, %d before", at, held, before)
		}
	}
}
