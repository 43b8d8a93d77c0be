package pop3conn

import (
	"errors"
	"io"
)

// Message is a message, or the part of it that TOP returns. It reads from the
// connection, and returns the bytes as the server has them, line ends included, and
// io.EOF at the end. If the connection ends earlier, Read returns io.ErrUnexpectedEOF.
// No message is held in memory.
//
// A Message is valid until the next command, or until its loop goes on. What is left
// unread then, or when it is closed, is skipped, in the time of one reply and up to 64
// KiB, or 1 MiB in a loop; if there is more, the session ends. A message that was read
// to its end need not be closed.
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

// ErrTooLarge is returned by Read and WriteTo after Options.MaxMessageSize bytes of a
// message that has more. The rest counts as left unread.
var ErrTooLarge = errors.New("pop3conn: message is larger than Options.MaxMessageSize")

var (
	errLines     = errors.New("pop3conn: negative number of lines")
	errNoMessage = errors.New("pop3conn: the server did not send this message")
	errClosed    = errors.New("pop3conn: message was closed")
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

// WriteTo writes the rest of the message to w, directly from the connection's buffer.
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

// Close skips the rest of the message.
func (m *Message) Close() error {
	if m.c == nil || m.err != nil {
		return nil
	}
	bound := maxSkip
	if m.c.batch != nil {
		bound = maxSkipEach
	}
	_, err := m.skip(errClosed, bound)
	return err
}

// Complete reports whether the message was read to its end, the server's terminator
// included.
func (m *Message) Complete() bool { return m.whole }

// reason returns why there are no more bytes.
func (m *Message) reason() error {
	switch {
	case m.c == nil:
		return errNoMessage
	case m.err == nil:
		return ErrTooLarge
	}
	return m.err
}

// How many bytes of a message are skipped to save the session, outside of a loop and in
// one.
const (
	maxSkip     = 64 << 10
	maxSkipEach = 1 << 20
)

// skip skips the rest of the message, after which Read returns reason, and returns how
// long it was. If it takes longer than the time of one reply, or has more than bound
// bytes, the session ends.
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
