package imapwatch

import (
	"context"
	"errors"
	"io"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/internal/fetch"
)

// Message is a new message. It is read like a [imapconn.Message], and good until the
// function that is given it returns. Mailbox, UIDValidity and UID stand for it from session
// to session, and for no other.
type Message struct {
	*imapconn.Message
	Mailbox     string // as in Config.Mailboxes
	UIDValidity uint32 // as in Change

	failed error // what reading it has returned
}

// Read reads the content of the section that was asked for, as that of [imapconn.Message]
// does.
func (m *Message) Read(p []byte) (int, error) { return reader{m.Message, m}.Read(p) }

// Section returns the content of a section, as that of [imapconn.Message] does.
func (m *Message) Section(i int) io.Reader {
	r := m.Message.Section(i)
	if r == nil {
		return nil
	}
	return reader{r, m}
}

// reader reads a part of a message, and takes note of an error.
type reader struct {
	io.Reader
	of *Message
}

func (r reader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		r.of.failed = err
	}
	return n, err
}

// EachMessage returns a Handler for programs that only want new messages: f is called for
// each, in the order of the UIDs, and reads it. o says what is fetched, as for
// [imapconn.Client.FetchEach]; nil means the whole message.
//
// nil from f means that the program has the message, which is noted before the next one. When
// the program is killed, only the message that was being handled comes again. When the session
// ends, that one comes again if f returns an error, or reading it has failed. If reading has
// failed, any error that f returns is taken for that of reading.
//
// A message that the server cannot give is told to Options.Notice, once, and does not hold up
// the others. If the server has refused it, or has left it or a part of it out without a word,
// it comes again every [Config.Poll] and with the next change, until the server gives it or it is
// gone; if what has come cannot be read, it counts as one that the program has. If the server
// refuses all that are left, the mailbox is one that cannot be looked at: see [Config.Refused].
// Only a command with o.Raw that it does not understand is an error that ends Run.
func EachMessage(o *imapconn.FetchOptions, f func(context.Context, *Message) error) Handler {
	return func(ctx context.Context, client *imapconn.Client, c Change) error {
		if len(c.New) == 0 {
			return nil
		}
		e := each{ctx: ctx, client: client, told: c.told, f: f}
		for got, err := range client.FetchEach(ctx, c.New, o) {
			if no, ok := err.(*imap.Error); ok && (no.Type == imap.StatusResponseTypeNo || o == nil || len(o.Raw) == 0) {
				return &refusal{no}
			}
			if err := e.message(&Message{Message: got, Mailbox: c.Mailbox, UIDValidity: c.UIDValidity}, err); err != nil {
				return err
			}
		}
		rest := minus(normal(c.New), normal(e.had)) // refused, vanished, or left out by the server
		if len(rest) == 0 {
			return nil
		}
		return c.Handled(c.After.Without(rest))
	}
}

// each is a loop of EachMessage.
type each struct {
	ctx    context.Context
	client *imapconn.Client
	told   *telling
	f      func(context.Context, *Message) error
	had    imap.UIDSet // what the program has, or can never have
}

// message has the program handle a message, unless err says why it cannot be had.
func (e *each) message(m *Message, err error) error {
	if err == nil {
		err = e.f(e.ctx, m)
		if m.failed != nil && (err != nil || e.client.Err() != nil) {
			err = m.failed
		}
	}
	var odd *imapconn.MessageError
	if errors.As(err, &odd) && odd.UID == m.UID {
		e.told.odd(odd)
		var refused *imap.Error
		if err = nil; errors.As(odd, &refused) || errors.Is(odd, fetch.ErrShort) || errors.Is(odd, fetch.ErrVanished) {
			return nil
		}
	}
	if err == nil {
		err = e.told.has(m.UID)
	}
	e.had.AddNum(m.UID)
	return err
}

// refusal is the error of a Handler whose loop the server has refused.
type refusal struct{ no *imap.Error }

func (e *refusal) Error() string { return e.no.Error() }

func (e *refusal) Unwrap() error { return e.no }
