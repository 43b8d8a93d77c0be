package imapconn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn/internal/commands"
	imapline "github.com/mailconn/mailconn/internal/line/imap"
	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// What AppendEach holds.
const (
	maxContent     = 1 << 20   // bytes of a content
	maxAppendBytes = 512 << 10 // bytes of the contents of a batch, whose last one may exceed it
	maxAppends     = 200       // messages of a batch
)

// appender is an AppendEach that runs.
type appender struct {
	c         *Client
	ctx       context.Context
	mailbox   string // as it stands in a command
	unasked   int64  // the longest literal that is sent without the server's consent; -1: none
	multi     bool   // a command may have many messages
	sizeLimit int64  // of a message
	index     int    // of the next message
}

// newAppender checks what can be checked before a command is sent.
func (c *Client) newAppender(ctx context.Context, mailbox string, messages iter.Seq[Append]) (*appender, error) {
	switch {
	case ctx == nil:
		return nil, errors.New("nil context")
	case messages == nil:
		return nil, errors.New("imapconn: nil messages")
	}
	name, err := quotedMailbox(mailbox, c.utf8.Load())
	if err != nil {
		return nil, err
	}
	a := &appender{c: c, ctx: ctx, mailbox: name, unasked: c.unaskedLiteral(), multi: c.lists("MULTIAPPEND")}
	a.sizeLimit = math.MaxInt64
	if n, ok := imapline.Limit(c.caps, "APPENDLIMIT"); ok {
		a.sizeLimit = n
	}
	return a, nil
}

// appendBatch is messages that are sent together.
type appendBatch struct {
	messages []*outgoing
	held     int64 // bytes of their contents
}

// outgoing is a message of a batch.
type outgoing struct {
	commands.Literal
	index   int
	start   int64 // where the content begins in an io.Seeker
	result  Appended
	err     error
	inDoubt bool
}

// each runs the loop.
func (a *appender) each(messages iter.Seq[Append], yield func(*Appended, error) bool) error {
	b := new(appendBatch)
	for m := range messages {
		a.add(b, m)
		if len(b.messages) < maxAppends && b.held < maxAppendBytes {
			continue
		}
		if goOn, err := a.append(b, yield); err != nil || !goOn {
			return err
		}
		b = new(appendBatch)
	}
	_, err := a.append(b, yield)
	return err
}

// append appends the messages of a batch, and tells the program of each. Its error is
// the loop's last.
func (a *appender) append(b *appendBatch, yield func(*Appended, error) bool) (goOn bool, err error) {
	err = a.send(b)
	for _, m := range b.messages {
		var failed error
		if m.err != nil {
			failed = &AppendError{Index: m.index, InDoubt: m.inDoubt, Err: m.err}
		}
		if !yield(&m.result, failed) {
			return false, nil
		}
	}
	return err == nil, err
}

// add puts a message into a batch.
func (a *appender) add(b *appendBatch, m Append) {
	o := &outgoing{index: a.index}
	a.index++
	b.messages = append(b.messages, o)
	if o.err = o.read(m, a.sizeLimit); o.err != nil {
		return
	}
	b.held += min(o.Size, maxContent)
	o.Sync = o.Size > a.unasked
	o.Before = " (" + flagList(m.Flags) + ")"
	if !m.Time.IsZero() {
		o.Before += m.Time.Format(` "02-Jan-2006 15:04:05 -0700"`)
	}
	o.Before += " " + o.Announcement()
}

var (
	errNoContent = errors.New("imapconn: no content")
	errLarge     = fmt.Errorf("imapconn: a content of more than %d bytes has to be an io.ReadSeeker", maxContent)
	errFlag      = errors.New("imapconn: a flag is empty, or has a character that an atom cannot have")
	errDate      = errors.New("imapconn: a date that is not in the years 1 to 9999")
)

// read reads a content, or learns how long it is. An empty one would stand for no
// message at all (RFC 3502 §6.3.11).
func (o *outgoing) read(m Append, limit int64) (err error) {
	switch year := m.Time.Year(); {
	case m.Content == nil:
		return errNoContent
	case slices.ContainsFunc(m.Flags, notFlag):
		return errFlag
	case year < 1 || year > 9999:
		return errDate
	}
	s, seeks := m.Content.(io.ReadSeeker)
	if seeks {
		if o.start, o.Size, err = extent(s); err != nil {
			return err
		}
		o.Content = s
	}
	if !seeks || o.Size <= maxContent {
		if err := o.hold(m.Content); err != nil {
			return err
		}
	}
	switch {
	case o.Size == 0:
		return errNoContent
	case o.Size > limit:
		return fmt.Errorf("imapconn: the message has %d bytes, and the server lists APPENDLIMIT=%d", o.Size, limit)
	}
	return nil
}

// hold reads a content that is sent from memory.
func (o *outgoing) hold(content io.Reader) error {
	held, err := io.ReadAll(io.LimitReader(content, maxContent+1))
	if err != nil {
		return err
	}
	if len(held) > maxContent {
		return errLarge
	}
	o.Content, o.start, o.Size = bytes.NewReader(held), 0, int64(len(held))
	return nil
}

// extent returns where s is, and how much is left of it.
func extent(s io.Seeker) (start, left int64, err error) {
	if start, err = s.Seek(0, io.SeekCurrent); err != nil {
		return 0, 0, err
	}
	end, err := s.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, 0, err
	}
	_, err = s.Seek(start, io.SeekStart)
	return start, max(0, end-start), err
}

func notFlag(f imap.Flag) bool {
	name := strings.TrimPrefix(string(f), `\`)
	return name == "" || strings.ContainsFunc(name, func(c rune) bool { return c >= 0x80 || !response.IsAtomChar(byte(c)) })
}

func flagList(flags []imap.Flag) string {
	names := make([]string, len(flags))
	for i, f := range flags {
		names[i] = string(f)
	}
	return strings.Join(names, " ")
}
