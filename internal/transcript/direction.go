package transcript

import (
	"bytes"
	"fmt"

	"github.com/mailconn/mailconn/internal/line"
)

// maxHead and maxTail are how many bytes of a line are kept at its beginning and at its
// end, where IMAP announces literals.
const (
	maxHead = 4096
	maxTail = 64
)

// direction is one direction of a conversation, cut into lines.
type direction struct {
	kind string
	of   *followed
	show func(text string) line.Shown

	head, tail []byte // of the line that has begun
	length     int    // of that line
	skip       int64  // bytes of content before the next line
	hidden     int64  // bytes of content that were not reported yet
}

// take adds bytes to the direction.
func (d *direction) take(p []byte) {
	for len(p) > 0 {
		if d.skip > 0 {
			n := min(int64(len(p)), d.skip)
			d.skip, d.hidden, p = d.skip-n, d.hidden+n, p[n:]
			continue
		}
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			d.keep(p)
			return
		}
		d.keep(p[:i+1])
		p = p[i+1:]
		d.end()
	}
}

func (d *direction) keep(p []byte) {
	d.length += len(p)
	n := min(len(p), maxHead-len(d.head))
	d.head = append(d.head, p[:n]...)
	d.tail = append(d.tail, p[n:]...)
	if over := len(d.tail) - maxTail; over > 0 {
		d.tail = append(d.tail[:0], d.tail[over:]...)
	}
}

// end writes down the line, which is complete.
func (d *direction) end() {
	text := string(bytes.TrimRight(append(d.head, d.tail...), "\r\n"))
	shown := d.show(text)
	d.skip = shown.Skip
	if shown.Content {
		d.hidden += int64(d.length)
	} else {
		d.tellHidden()
		d.of.transcript.sink.line(d.kind, shown.Text)
	}
	d.head, d.tail, d.length = d.head[:0], d.tail[:0], 0
}

// tellHidden writes how much content was left out.
func (d *direction) tellHidden() {
	if d.hidden > 0 {
		d.of.transcript.sink.line(d.kind, fmt.Sprintf("[%d bytes]", d.hidden))
		d.hidden = 0
	}
}

// flush writes down a line that will not be completed.
func (d *direction) flush() {
	if d.length > 0 {
		d.end()
	}
	d.tellHidden()
}
