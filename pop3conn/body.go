package pop3conn

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// body is a message on its way: a reader over the connection that takes the
// stuffed dots out (RFC 1939 §3) and ends at the line that is one dot.
type body struct {
	c        *Client
	at       place
	room     int64 // how many bytes it may have from here on
	tooLong  bool  // and it has more
	dropping bool  // nobody wants to see it: no length is too much
	whole    bool  // read to its end
	err      error // what Read returns from now on; nil while there is more
}

var (
	_ io.ReadCloser = (*body)(nil)
	_ io.WriterTo   = (*body)(nil)
)

// place is where the next byte stands. Only CRLF ends a line: a bare CR or LF
// is a byte like any other.
type place uint8

const (
	lineStart place = iota
	inLine
	afterCR
)

// Read returns io.EOF behind the last byte of a message that is complete, and
// nothing else for any other: io.ErrUnexpectedEOF if the connection ended
// before, or its error.
func (b *body) Read(p []byte) (n int, err error) {
	for n < len(p) && b.more() {
		seen := b.look(n == 0)
		if seen == nil {
			break
		}
		n += b.take(p[n:], seen)
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, b.reason()
}

// more reports whether there may be bytes for the caller.
func (b *body) more() bool { return b.err == nil && (b.dropping || !b.tooLong) }

// reason is why there are no more.
func (b *body) reason() error {
	if b.err == nil && b.tooLong {
		return ErrTooLong
	}
	return b.err
}

// WriteTo writes the rest of the message to w straight from the buffer, which
// spares io.Copy one of its own.
func (b *body) WriteTo(w io.Writer) (n int64, err error) {
	for b.more() {
		seen := b.look(true)
		if seen == nil {
			break
		}
		piece := b.piece(seen)
		if len(piece) == 0 {
			continue
		}
		m, err := w.Write(piece)
		if m < len(piece) && err == nil {
			err = io.ErrShortWrite
		}
		b.pass(piece[:m])
		if n += int64(m); err != nil {
			return n, err
		}
	}
	if b.err == io.EOF {
		return n, nil
	}
	return n, b.reason()
}

// look returns the bytes that are there, enough of them to tell what the first
// one is: nil if that means waiting and wait is false, or if the message ends
// here.
func (b *body) look(wait bool) []byte {
	for {
		seen := b.c.in.buffered()
		if len(seen) >= len(".\r\n") || len(seen) > 0 && !(b.at == lineStart && seen[0] == '.') {
			return seen
		}
		if !wait {
			return nil
		}
		if !b.dropping {
			b.c.in.begin()
		}
		if err := b.c.in.more(); err != nil {
			b.lost(err)
			return nil
		}
	}
}

// take moves bytes of the message from the beginning of seen to p, and returns
// how many.
func (b *body) take(p, seen []byte) int {
	n := copy(p, b.piece(seen[:min(len(seen), max(len(p), len(".\r\n")))]))
	b.pass(seen[:n])
	return n
}

// piece returns the bytes of the message that are at the beginning of seen,
// once it has read past a dot that is not one of them: as many lines at once
// as there are before the next dot. There are none where the message ends.
func (b *body) piece(seen []byte) []byte {
	switch {
	case b.at == lineStart && bytes.HasPrefix(seen, []byte(".\r\n")):
		b.c.in.discard(len(".\r\n"))
		b.whole = !b.dropping
		b.end(io.EOF)
		return nil
	case b.at == lineStart && seen[0] == '.':
		b.c.in.discard(1)
		b.at = inLine
		return nil
	case b.at == afterCR && seen[0] == '\n':
		return b.within(seen[:1])
	}
	if i := bytes.Index(seen, []byte("\r\n.")); i >= 0 {
		return b.within(seen[:i+len("\r\n")])
	}
	return b.within(seen)
}

// within cuts bytes of the message down to what the limit leaves room for.
func (b *body) within(piece []byte) []byte {
	if b.dropping || int64(len(piece)) <= b.room {
		return piece
	}
	b.tooLong = b.room == 0
	return piece[:b.room]
}

// pass reads past bytes of the message.
func (b *body) pass(taken []byte) {
	if len(taken) > 0 {
		b.at = b.after(taken)
		b.room -= int64(len(taken))
		b.c.in.discard(len(taken))
	}
}

func (b *body) after(taken []byte) place {
	n := len(taken)
	switch last := taken[n-1]; {
	case last == '\r':
		return afterCR
	case last == '\n' && (n > 1 && taken[n-2] == '\r' || n == 1 && b.at == afterCR):
		return lineStart
	}
	return inLine
}

// lost ends the session inside the message. No end of the connection may be
// taken for the message's: io.EOF must not be found in the error.
func (b *body) lost(err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.ErrUnexpectedEOF
		b.end(err)
	}
	b.c.fail(fmt.Errorf("inside the message: %w", err))
}

// end makes err what Read returns.
func (b *body) end(err error) {
	b.err = err
	if b.c.body == b {
		b.c.body = nil
	}
}

// maxDrain is how much of a message is read past to save the session.
const maxDrain = 64 << 10

var (
	errUnread    = errors.New("too much was left unread")
	errRead      = errors.New("pop3conn: message was closed")
	errOvertaken = errors.New("pop3conn: message was left for the next command")
)

// ErrTooLong is a message beyond Options.MaxMessageSize: what reading it
// returns behind so many bytes. The rest is treated as one left unread.
var ErrTooLong = errors.New("pop3conn: message is longer than Options.MaxMessageSize")

// Close reads past the rest of the message, up to a bound.
func (b *body) Close() error {
	if b.err != nil {
		return nil
	}
	_, err := b.drop(errRead, b.patience())
	return err
}

// patience is how much of the message may be read past.
func (b *body) patience() int {
	if b.c.flight != nil {
		return maxLeft
	}
	return maxDrain
}

// drop reads past the rest of the message, which Read then answers with
// reason, and returns how long it was. All of it has the time of one reply,
// and a bound in bytes, beyond which the session ends.
func (b *body) drop(reason error, bound int) (past int, err error) {
	b.dropping = true
	b.c.in.begin()
	var waste [4 << 10]byte
	for past <= bound && b.err == nil {
		n, _ := b.Read(waste[:])
		past += n
	}
	switch b.err {
	case nil:
		return past, b.c.fail(errUnread)
	case io.EOF:
		b.err = reason
		return past, nil
	}
	return past, b.c.ended
}
