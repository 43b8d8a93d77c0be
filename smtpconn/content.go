package smtpconn

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

var (
	// ErrLineEnds says that a message has a CR or LF that is not part of a CRLF.
	// Servers disagree about what those mean, and where they do a message can be
	// made to end early and another to begin (RFC 5321 §2.3.8).
	ErrLineEnds = errors.New("smtpconn: the content has a bare CR or LF: end its lines in CRLF, or set Envelope.NormalizeLines to have that done")

	// ErrEightBit says that a message has bytes beyond ASCII where only ASCII can
	// be sent: the server does not offer 8BITMIME, or the envelope says 7BIT (RFC
	// 6152).
	ErrEightBit = errors.New("smtpconn: the content has bytes beyond ASCII, and only ASCII can be sent: encode it as quoted-printable or base64")

	// ErrLongLine says that a line is longer than every server has to take, and
	// that the envelope wants none of those.
	ErrLongLine = errors.New("smtpconn: the content has a line of more than 998 octets")
)

// maxLine is how long a line may be without its CRLF (RFC 5321 §4.5.3.1.6).
const maxLine = 998

// encoder reads a message's content as DATA carries it: in lines that end in CRLF,
// the last one too, with a dot doubled where a line begins with one (RFC 5321
// §4.5.2). What cannot be sent is an error. Binary content it leaves as it is.
type encoder struct {
	src       io.Reader
	binary    bool
	ascii     bool // no byte beyond ASCII is permitted
	normalize bool // turn bare CR and LF into CRLF
	short     bool // no line may be longer than maxLine

	size   int64  // bytes of content so far, the dots that were added not counted
	cr     bool   // the last byte read was a CR, which is held back until its LF
	inLine bool   // a line has begun and not ended
	column int    // bytes of that line, counted if lines must be short
	spill  []byte // encoded, and without room in the last read
	eof    bool   // nothing is left of src
}

// slack is the room that a read keeps for what it may have to add: a CR that was
// held back, and the end of the last line.
const slack = 4

// done reports whether all was read.
func (e *encoder) done() bool { return e.eof && len(e.spill) == 0 }

// read fills dst, which has more than 2*slack bytes, until little is free of it or
// nothing is left. If it returns an error none of dst may be sent.
func (e *encoder) read(dst []byte) (n int, err error) {
	n = copy(dst, e.spill)
	e.spill = e.spill[n:]
	least := 2 * slack
	if e.binary {
		least = 0
	}
	for empty := 0; !e.eof && len(e.spill) == 0 && len(dst)-n > least; empty++ {
		m, err := e.step(dst[n:])
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
	return n, nil
}

const maxEmpty = 100 // reads that yield nothing, in a row

// step reads once, into dst itself, and encodes there.
func (e *encoder) step(dst []byte) (int, error) {
	room := dst
	switch {
	case e.binary:
	case e.normalize:
		room = dst[len(dst)/2+slack:] // the lines may become twice as long
	case e.cr:
		dst[0] = '\r'
		room = dst[1 : len(dst)-slack]
	default:
		room = dst[:len(dst)-slack]
	}
	m, err := e.src.Read(room)
	if err != nil && err != io.EOF {
		return 0, err
	}
	if e.eof = err == io.EOF; e.binary {
		e.size += int64(m)
		return m, nil
	}
	if e.ascii && !isASCII(room[:m]) {
		return 0, ErrEightBit
	}
	n := m
	if e.normalize {
		n = e.mend(dst, room[:m])
	} else if e.cr {
		n++
	}
	if n, err = e.finish(dst, n); err != nil {
		return 0, err
	}
	e.size += int64(n)
	dots, err := e.check(dst[:n])
	if err != nil {
		return 0, err
	}
	return e.stuff(dst, n, dots), nil
}

// mend writes the lines of p to dst with proper ends. p may lie in the back half of
// dst.
func (e *encoder) mend(dst, p []byte) (n int) {
	for line := range bytes.Lines(p) {
		text, ended := bytes.CutSuffix(line, lf)
		for found := true; found; {
			var part []byte
			part, text, found = bytes.Cut(text, cr)
			if e.cr && (len(part) > 0 || found) {
				n += copy(dst[n:], crlf) // the CR before was the end of a line
				e.cr = false
			}
			n += copy(dst[n:], part)
			e.cr = e.cr || found
		}
		if ended {
			n += copy(dst[n:], crlf)
			e.cr = false
		}
	}
	return n
}

// finish holds back a CR that ends what was read, and ends the last line (RFC 5321
// §4.1.1.4).
func (e *encoder) finish(dst []byte, n int) (int, error) {
	if !e.normalize {
		if e.cr = n > 0 && dst[n-1] == '\r'; e.cr {
			n--
		}
	}
	if !e.eof {
		return n, nil
	}
	if e.cr && !e.normalize {
		return 0, ErrLineEnds
	}
	open := e.inLine
	if n > 0 {
		open = dst[n-1] != '\n'
	}
	if open || e.cr {
		n += copy(dst[n:], crlf)
	}
	e.cr = false
	return n, nil
}

// check looks for what cannot be sent in p, whose last byte is no CR, and returns
// how many of its lines begin with a dot.
func (e *encoder) check(p []byte) (dots int, err error) {
	ends := 0
	for rest := p; len(rest) > 0; {
		if !e.inLine && rest[0] == '.' {
			dots++
		}
		i := bytes.IndexByte(rest, '\n')
		if e.inLine = i < 0; e.inLine {
			e.column += len(rest)
			break
		}
		if i == 0 || rest[i-1] != '\r' {
			return 0, ErrLineEnds
		}
		if e.column += i - 1; e.short && e.column > maxLine {
			return 0, ErrLongLine
		}
		e.column = 0
		ends++
		rest = rest[i+1:]
	}
	if bytes.Count(p, cr) != ends {
		return 0, ErrLineEnds
	}
	if e.short && e.column > maxLine {
		return 0, ErrLongLine
	}
	return dots, nil
}

var (
	cr         = []byte("\r")
	lf         = []byte("\n")
	lineAndDot = []byte("\n.")
)

// stuff doubles the dots at the beginning of that many lines in dst[:n]. What dst
// has no room for is left for the next read.
func (e *encoder) stuff(dst []byte, n, dots int) int {
	if dots == 0 {
		return n
	}
	if n+dots <= len(dst) {
		doubleDots(dst, n, dots)
		return n + dots
	}
	long := make([]byte, n+dots)
	copy(long, dst[:n])
	doubleDots(long, n, dots)
	n = copy(dst, long)
	e.spill = long[n:]
	return n
}

// doubleDots moves the lines of buf[:n] to where they stand when the dots of the
// lines before them are doubled, from the end.
func doubleDots(buf []byte, n, dots int) {
	for ; dots > 0; dots-- {
		line := bytes.LastIndex(buf[:n], lineAndDot) + 1
		copy(buf[line+dots:], buf[line:n])
		buf[line+dots-1] = '.'
		n = line
	}
}

// isASCII looks at eight bytes at a time.
func isASCII(p []byte) bool {
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
