package smtpconn

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

var (
	// ErrLineEnds says that a message has a CR or LF that is not part of a
	// CRLF. Servers disagree about what those mean, and where they do a message
	// can be made to end early and another to begin (RFC 5321 §2.3.8).
	ErrLineEnds = errors.New("content has a bare CR or LF")

	// ErrEightBit says that a message that was not declared to have them has
	// bytes beyond ASCII (RFC 6152).
	ErrEightBit = errors.New("content has bytes beyond ASCII: declare it 8BITMIME in Envelope.Mail.Body, or encode it")

	// ErrLongLine says that a line is longer than every server has to take, and
	// that the envelope wants none of those.
	ErrLongLine = errors.New("content has a line of more than 998 octets")
)

// cleaner reads a message's content as it may be sent: in lines that end in
// CRLF, the last one too. What cannot be sent is an error.
type cleaner struct {
	src       io.Reader
	binary    bool // leave everything as it is
	eightBit  bool // bytes beyond ASCII are permitted
	normalize bool // mend bare CR and LF
	short     bool // no line may be a long one

	cr   bool // the last byte read was a CR, which is held back until its LF
	open bool // a line has begun and not ended
	eof  bool // nothing is left
	line int  // bytes of a line that has begun, counted if lines are to be short
}

// overhead is what a fill may add to what it reads: a CR held back, and the
// end of the last line.
const overhead = 4

// fill reads into dst until it is full or nothing is left; eof then says which.
// Of an error's fill nothing may be sent.
func (c *cleaner) fill(dst []byte) (n int, err error) {
	for empty := 0; !c.eof && len(dst)-n > 2*overhead; empty++ {
		m, err := c.read(dst[n:])
		if err != nil {
			return 0, err
		}
		if n += m; m > 0 {
			empty = 0
		}
		if empty == maxEmpty {
			return 0, io.ErrNoProgress
		}
	}
	if c.short && !c.binary {
		return n, c.measure(dst[:n])
	}
	return n, nil
}

// maxLine is how long a line may be without its CRLF (RFC 5321 §4.5.3.1.6).
const maxLine = 998

// measure looks for long lines in p. A CR is never its last byte.
func (c *cleaner) measure(p []byte) error {
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n') + 1
		text := i - len(crlf)
		if i == 0 {
			i, text = len(p), len(p)
		}
		if c.line += text; c.line > maxLine {
			return ErrLongLine
		}
		if p[i-1] == '\n' {
			c.line = 0
		}
		p = p[i:]
	}
	return nil
}

const maxEmpty = 100 // reads that yield nothing, in a row

// read reads once into dst. Where lines are mended it reads into the back half,
// because they may come to be twice as long.
func (c *cleaner) read(dst []byte) (n int, err error) {
	room := dst[:len(dst)-overhead]
	if c.normalize && !c.binary {
		room = dst[len(dst)/2+overhead:]
	}
	m, err := c.src.Read(room)
	if err != nil && err != io.EOF {
		return 0, err
	}
	c.eof = err == io.EOF
	switch p := room[:m]; {
	case c.binary:
		return m, nil
	case !c.eightBit && !asciiOnly(p):
		return 0, ErrEightBit
	case c.normalize:
		n = c.mend(dst, p)
	default:
		if n, err = c.judge(dst, p); err != nil {
			return 0, err
		}
	}
	return c.finish(dst, n)
}

// judge checks the lines of p, which lies at the front of dst.
func (c *cleaner) judge(dst, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	held := c.cr
	if held != (p[0] == '\n') {
		return 0, ErrLineEnds
	}
	for rest := p[boolInt(held):]; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		line := rest
		if i >= 0 {
			line = rest[:i]
		}
		cr := bytes.IndexByte(line, '\r')
		if cr >= 0 && cr != len(line)-1 || i >= 0 && cr < 0 {
			return 0, ErrLineEnds
		}
		rest = rest[len(line)+boolInt(i >= 0):]
	}
	n := len(p)
	c.cr = p[n-1] == '\r'
	if held {
		copy(dst[1:], p)
		dst[0] = '\r'
		n++
	}
	n -= boolInt(c.cr)
	if n > 0 {
		c.open = dst[n-1] != '\n'
	}
	return n, nil
}

// mend writes the lines of p to dst with proper ends. p may lie in the back
// half of dst.
func (c *cleaner) mend(dst, p []byte) (n int) {
	for _, b := range p {
		switch {
		case b == '\n':
			n += copy(dst[n:], crlf)
			c.cr, c.open = false, false
			continue
		case c.cr:
			n += copy(dst[n:], crlf)
			c.cr, c.open = false, false
		}
		if b == '\r' {
			c.cr = true
			continue
		}
		dst[n] = b
		n++
		c.open = true
	}
	return n
}

// finish ends the last line (RFC 5321 §4.1.1.4).
func (c *cleaner) finish(dst []byte, n int) (int, error) {
	if !c.eof {
		return n, nil
	}
	if c.cr && !c.normalize {
		return 0, ErrLineEnds
	}
	if c.cr || c.open {
		n += copy(dst[n:], crlf)
	}
	c.cr, c.open = false, false
	return n, nil
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// asciiOnly looks at eight bytes at a time.
func asciiOnly(p []byte) bool {
	const high = 0x8080808080808080
	for ; len(p) >= 8; p = p[8:] {
		if binary.LittleEndian.Uint64(p)&high != 0 {
			return false
		}
	}
	for _, b := range p {
		if b >= 0x80 {
			return false
		}
	}
	return true
}
