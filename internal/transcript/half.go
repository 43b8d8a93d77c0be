package transcript

import (
	"bytes"
	"fmt"

	"github.com/mailconn/mailconn/internal/line"
)

// maxHead and maxTail are how much of a line is kept: its beginning, and its end, in
// which IMAP announces literals.
const (
	maxHead = 4096
	maxTail = 64
)

// half is one direction of a conversation, cut into lines.
type half struct {
	kind string
	of   *followed
	show func(text string) line.Shown

	head, tail []byte // of the line that has begun
	length     int    // of it
	skip       int64  // bytes of content that come before the next line
	hidden     int64  // bytes of content that were not shown yet
}

// take adds bytes to the direction.
func (h *half) take(p []byte) {
	for len(p) > 0 {
		if h.skip > 0 {
			n := min(int64(len(p)), h.skip)
			h.skip, h.hidden, p = h.skip-n, h.hidden+n, p[n:]
			continue
		}
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			h.keep(p)
			return
		}
		h.keep(p[:i+1])
		p = p[i+1:]
		h.end()
	}
}

func (h *half) keep(p []byte) {
	h.length += len(p)
	n := min(len(p), maxHead-len(h.head))
	h.head = append(h.head, p[:n]...)
	h.tail = append(h.tail, p[n:]...)
	if over := len(h.tail) - maxTail; over > 0 {
		h.tail = append(h.tail[:0], h.tail[over:]...)
	}
}

// end writes down the line that is complete.
func (h *half) end() {
	text := string(bytes.TrimRight(append(h.head, h.tail...), "\r\n"))
	shown := h.show(text)
	h.skip = shown.Skip
	if shown.Content {
		h.hidden += int64(h.length)
	} else {
		h.tellHidden()
		h.of.transcript.sink.line(h.kind, shown.Text)
	}
	h.head, h.tail, h.length = h.head[:0], h.tail[:0], 0
}

// tellHidden says how much content was left out.
func (h *half) tellHidden() {
	if h.hidden > 0 {
		h.of.transcript.sink.line(h.kind, fmt.Sprintf("[%d bytes]", h.hidden))
		h.hidden = 0
	}
}

// flush writes down a line that has no end, when there will be none.
func (h *half) flush() {
	if h.length > 0 {
		h.end()
	}
	h.tellHidden()
}
