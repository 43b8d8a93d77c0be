package pop3conn

import (
	"errors"
	"io"
)

// Message is a message, or the part of it that TOP gives: a reader over the
// connection that yields the bytes as the server has them, line ends included, and
// io.EOF behind the last one. If the connection ends before, that is
// io.ErrUnexpectedEOF, and never a message that is too short. No message is held in
// memory.
//
// It is good until the next command, or until its loop goes on. What is left unread
// then, or when it is closed, is read past in the time of one reply, up to 64 KiB, or
// up to 1 MiB in a loop; if that is not enough the session ends. A message that was
// read to its end need not be closed.
type Message struct {
	Listing // as the caller gave it, or the number alone

	c        *Client // nil if the server did not send the message
	at       place
	room     int64 // how many bytes it may have from here on
	tooLarge bool  // and it has more
	skipping bool  // the rest is read past: no length is too much
	whole    bool
	err      error // what Read returns from now on; nil while there is more
}

var (
	_ io.ReadCloser = (*Message)(nil)
	_ io.WriterTo   = (*Message)(nil)
)

// ErrTooLarge is returned by the readers of a message beyond Options.MaxMessageSize,
// behind so many bytes. The rest counts as left unread.
var ErrTooLarge = errors.New("pop3conn: message is larger than Options.MaxMessageSize")

var (
	errLines     = errors.New("pop3conn: negative number of lines")
	errNoMessage = errors.New("pop3conn: the server did not send this message")
	errRead      = errors.New("pop3conn: message was closed")
	errOvertaken = errors.New("pop3conn: message was left for the next command")
	errUnread    = errors.New("too much was left unread")
)

// Read reads the message.
func (m *Message) Read(p []byte) (n int, err error) {
	for n < len(p) {
		piece := m.next(n == 0, len(p)-n)
		if piece == nil {
			break
		}
		k := copy(p[n:], piece)
		m.pass(piece[:k])
		n += k
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, m.reason()
}

// WriteTo writes the rest of the message to w straight from the connection's buffer.
func (m *Message) WriteTo(w io.Writer) (n int64, err error) {
	for {
		piece := m.next(true, messageBuffer)
		if piece == nil {
			break
		}
		k, err := w.Write(piece)
		if k < len(piece) && err == nil {
			err = io.ErrShortWrite
		}
		m.pass(piece[:k])
		if n += int64(k); err != nil {
			return n, err
		}
	}
	if err = m.reason(); err == io.EOF {
		return n, nil
	}
	return n, err
}

// Close reads past the rest of the message.
func (m *Message) Close() error {
	if m.c == nil || m.err != nil {
		return nil
	}
	bound := maxSkip
	if m.c.batch != nil {
		bound = maxSkipEach
	}
	_, err := m.skip(errRead, bound)
	return err
}

// Complete reports whether the message was read to its end, the server's terminator
// included.
func (m *Message) Complete() bool { return m.whole }

// reason is why there are no more bytes.
func (m *Message) reason() error {
	switch {
	case m.c == nil:
		return errNoMessage
	case m.err == nil:
		return ErrTooLarge
	}
	return m.err
}

// How much of a message is read past to save the session, outside of a loop and in
// one.
const (
	maxSkip     = 64 << 10
	maxSkipEach = 1 << 20
)

// skip reads past the rest of the message, which Read then answers with reason, and
// returns how long it was. All of it has the time of one reply, and a bound in bytes,
// beyond which the session ends.
func (m *Message) skip(reason error, bound int) (past int, err error) {
	m.skipping = true
	m.c.link.expect()
	for past <= bound {
		piece := m.next(true, messageBuffer)
		if piece == nil {
			break
		}
		m.pass(piece)
		past += len(piece)
	}
	switch m.err {
	case nil:
		m.end(m.c.fail(errUnread))
	case io.EOF:
		m.err = reason
		return past, nil
	}
	return past, m.c.Err()
}
