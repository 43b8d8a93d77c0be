package transaction

import (
	"bytes"
	"errors"
	"io"

	"github.com/mailconn/mailconn/internal/wire"
)

// Errors of an Encoder.
var (
	ErrLineEnds = errors.New("the content has a bare CR or LF: end its lines in CRLF, or set Envelope.NormalizeLines to have that done")
	ErrLongLine = errors.New("the content has a line of more than 998 octets")
)

// maxLine is how long a line may be without its CRLF (RFC 5321 §4.5.3.1.6).
const maxLine = 998

// Encoder reads a message's content as DATA carries it: in lines that end in CRLF,
// the last one too, with a dot doubled where a line begins with one (RFC 5321
// §4.5.2). What cannot be sent is an error. Binary content it leaves as it is.
type Encoder struct {
	Source    io.Reader
	Binary    bool
	ASCII     bool // no byte beyond ASCII is permitted
	Normalize bool // turn bare CR and LF into CRLF
	Short     bool // no line may be longer than 998 octets

	Size  int64 // bytes of content so far, the dots that were added not counted
	AtEnd bool  // nothing is left of Source

	cr     bool   // the last byte read was a CR, which is held back until its LF
	inLine bool   // a line has begun and not ended
	column int    // bytes of that line, counted if lines must be short
	spill  []byte // encoded, and without room in the last call of Fill
}

// slack is the room that a read keeps for what it may have to add: a CR that was
// held back, and the end of the last line.
const slack = 4

// Done reports whether all was read.
func (e *Encoder) Done() bool { return e.AtEnd && len(e.spill) == 0 }

// Fill fills dst, which has more than 2*slack bytes, until little is free of it or
// nothing is left. If it returns an error none of dst may be sent.
func (e *Encoder) Fill(dst []byte) (n int, err error) {
	n = copy(dst, e.spill)
	e.spill = e.spill[n:]
	least := 2 * slack
	if e.Binary {
		least = 0
	}
	for !e.AtEnd && len(e.spill) == 0 && len(dst)-n > least {
		m, err := e.step(dst[n:])
		if err != nil {
			return 0, err
		}
		n += m
	}
	return n, nil
}

// room returns the part of dst to read into, so that what is added has its place. A CR
// that was held back comes before it.
func (e *Encoder) room(dst []byte) []byte {
	switch {
	case e.Binary:
		return dst
	case e.Normalize:
		return dst[len(dst)/2+slack:] // the lines may become twice as long
	case e.cr:
		dst[0] = '\r'
		return dst[1 : len(dst)-slack]
	}
	return dst[:len(dst)-slack]
}

// step reads once, into dst itself, and encodes there.
func (e *Encoder) step(dst []byte) (int, error) {
	room := e.room(dst)
	m, err := wire.ReadSome(e.Source, room)
	if err != nil && err != io.EOF {
		return 0, err
	}
	if e.AtEnd = err == io.EOF; e.Binary {
		e.Size += int64(m)
		return m, nil
	}
	if e.ASCII && !isASCII(room[:m]) {
		return 0, ErrEightBit
	}
	n := m
	if e.Normalize {
		n = e.mend(dst, room[:m])
	} else if e.cr {
		n++
	}
	if n, err = e.finish(dst, n); err != nil {
		return 0, err
	}
	e.Size += int64(n)
	dots, err := e.check(dst[:n])
	if err != nil {
		return 0, err
	}
	return e.stuff(dst, n, dots), nil
}

// mend writes the lines of p to dst with proper ends. p may lie in the back half of
// dst.
func (e *Encoder) mend(dst, p []byte) (n int) {
	for line := range bytes.Lines(p) {
		text, ended := bytes.CutSuffix(line, lf)
		for found := true; found; {
			var part []byte
			part, text, found = bytes.Cut(text, cr)
			if e.cr && (len(part) > 0 || found) {
				n += copy(dst[n:], "\r\n") // the CR before was the end of a line
				e.cr = false
			}
			n += copy(dst[n:], part)
			e.cr = e.cr || found
		}
		if ended {
			n += copy(dst[n:], "\r\n")
			e.cr = false
		}
	}
	return n
}

// finish holds back a CR that ends what was read, and ends the last line (RFC 5321
// §4.1.1.4).
func (e *Encoder) finish(dst []byte, n int) (int, error) {
	if !e.Normalize {
		if e.cr = n > 0 && dst[n-1] == '\r'; e.cr {
			n--
		}
	}
	if !e.AtEnd {
		return n, nil
	}
	if e.cr && !e.Normalize {
		return 0, ErrLineEnds
	}
	open := e.inLine
	if n > 0 {
		open = dst[n-1] != '\n'
	}
	if open || e.cr {
		n += copy(dst[n:], "\r\n")
	}
	e.cr = false
	return n, nil
}

// check looks for what cannot be sent in p, whose last byte is no CR, and returns
// how many of its lines begin with a dot.
func (e *Encoder) check(p []byte) (dots int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	ends, rest, column := 0, p, e.column
	if !e.inLine && p[0] == '.' {
		dots = 1
	}
	for {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			break
		}
		if i == 0 || rest[i-1] != '\r' {
			return 0, ErrLineEnds
		}
		if column += i - 1; column > maxLine && e.Short {
			return 0, ErrLongLine
		}
		column = 0
		ends++
		if rest = rest[i+1:]; len(rest) > 0 && rest[0] == '.' {
			dots++
		}
	}
	if bytes.Count(p, cr) != ends {
		return 0, ErrLineEnds
	}
	e.inLine, e.column = p[len(p)-1] != '\n', column+len(rest)
	if e.column > maxLine && e.Short {
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
func (e *Encoder) stuff(dst []byte, n, dots int) int {
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
