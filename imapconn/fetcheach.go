package imapconn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn/internal/fetch"
	"github.com/mailconn/mailconn/internal/wire"
)

// FetchEach returns a loop over messages of the selected mailbox, in the order of their
// UIDs, but for those that the server has refused to give together with others, which come
// later:
//
//	for m, err := range client.FetchEach(ctx, uids, nil) {
//
// It asks for many messages at once, in batches of bounded size of which the next is
// under way while the program has one, so that a thousand short messages take a handful
// of round trips. What it holds does not grow with the mailbox: in a large one it looks at
// the messages window by window, as the server has them if it lists UIDBATCHES, and no
// command asks for more messages than MESSAGELIMIT allows (RFC 9738). Contents are fetched
// without setting \Seen. Inside the loop every other command may be used: it is sent between two
// batches. FetchEach itself waits until the commands that are pending have their answers.
//
// uids may have ranges and "*". Messages that do not exist, or that vanish during the
// loop, do not come. A message that cannot be had is a [*MessageError], and the loop goes
// on; m is never nil, and reading it then fails. Every other error is the loop's last: a
// [*dial.Error] if the session has ended or ctx has, or, with phase dial.PhaseConfig, if an
// argument is wrong, [ErrMailboxChanged], [ErrIdle], or the server's *imap.Error if it refuses
// what was asked for. If it refuses messages that were asked for together, they are asked for
// again in parts, to find those that it cannot give; if it then refuses all parts with LIMIT or
// INUSE (RFC 5530), it is busy, and the loop ends.
func (c *Client) FetchEach(ctx context.Context, uids imap.UIDSet, o *FetchOptions) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		f, err := c.newFetcher(ctx, uids, o)
		if err != nil {
			err = c.wrongCall(err)
		} else {
			err = f.Each(func(r *fetch.Message) bool {
				m := newMessage(r)
				goOn := yield(m, m.err)
				if m.err == nil {
					m.err = fetch.ErrPassed
				}
				return goOn
			})
		}
		if err != nil {
			yield(&Message{err: err}, c.loopError(err))
		}
	}
}

func (c *Client) newFetcher(ctx context.Context, uids imap.UIDSet, o *FetchOptions) (*fetch.Loop, error) {
	if o == nil {
		o = new(FetchOptions)
	}
	s := fetch.Session{
		Stream: c.stream,
		Caps:   c.caps,
		Lists:  c.lists,
		Messages: func() (n uint32, known bool) {
			if selected := c.inner.Mailbox(); selected != nil {
				return selected.NumMessages, true
			}
			return 0, false
		},
		Ended:  c.loopError,
		Failed: func(uid imap.UID, why error) error { return &MessageError{UID: uid, Err: why} },
	}
	return fetch.New(ctx, s, uids, fetch.Options(*o))
}

// loopError returns the error of a loop that has ended early.
func (c *Client) loopError(err error) error {
	var failed *dial.Error
	var refused *imap.Error
	if errors.As(err, &failed) || errors.As(err, &refused) || errors.Is(err, ErrMailboxChanged) || errors.Is(err, ErrIdle) {
		return err
	}
	sec := c.conn.Security()
	return &dial.Error{Phase: dial.PhaseSession, Endpoint: sec.Endpoint, Err: err, Known: sec.Known}
}

// wrongCall returns the error of a call with a wrong argument: nothing was sent, and the
// session goes on.
func (c *Client) wrongCall(err error) error {
	return &dial.Error{Phase: dial.PhaseConfig, Endpoint: c.conn.Security().Endpoint, Err: err}
}

// FetchOptions say what FetchEach asks for beside the UID, the flags and the size. nil
// means the whole message.
type FetchOptions struct {
	// Envelope asks for the fields of the header that lists of messages show.
	Envelope bool
	// BodyStructure asks for the tree of the message's parts, to fetch one by its Part in
	// Sections. Words in it are as the server writes them: compare the value of a
	// disposition, as of an ATTACHMENT, and an encoding without regard to case.
	BodyStructure bool
	// InternalDate asks for the time at which the server has got the message.
	InternalDate bool
	// ModSeq asks for the modification sequence. It is an error if the server does not list
	// CONDSTORE (RFC 7162).
	ModSeq bool

	// NoBody leaves the content out. It is an error to set Sections as well.
	NoBody bool
	// Sections are the parts of the content; nil means one, the whole message. Their
	// Peek has no meaning: \Seen is never set.
	Sections []*imap.FetchItemBodySection

	// Raw are items that go-imap does not know, such as X-GM-LABELS or EMAILID. A server
	// that does not know one refuses the whole command.
	Raw []string

	// Batch is how many messages are asked for at once at the most; zero means 200.
	// More is faster where the server is far away, and takes more memory.
	Batch int
}

// Message is one of FetchEach. If one section was asked for, it is read like a file, once
// and inside the loop: a large content comes in pieces as it is read. As long as the program
// waits for them, up to 16 MiB are under way, of which 1.5 MiB are held at most; if the
// program then stops reading, so that there is no room, what comes is asked for again later.
type Message struct {
	// SeqNum is the sequence number that the message had when it came. It may not be true
	// any more.
	SeqNum uint32
	// UID is the message's UID, and is always there.
	UID imap.UID
	// Flags are the message's flags, keywords among them.
	Flags []imap.Flag
	// Size is how many bytes the message has, as the server says; -1 if it does not.
	Size int64
	// Envelope is nil if it was not asked for.
	Envelope *imap.Envelope
	// BodyStructure is nil if it was not asked for.
	BodyStructure imap.BodyStructure
	// InternalDate is zero if it was not asked for.
	InternalDate time.Time
	// ModSeq is 0 if it was not asked for.
	ModSeq uint64
	// Raw has the items of FetchOptions.Raw by their names in upper case. The values are as
	// the server writes them.
	Raw map[string]string

	sections []*fetch.Content
	err      error // what reading it returns
}

// newMessage returns a message as the program gets it.
func newMessage(r *fetch.Message) *Message {
	m := &Message{
		SeqNum: r.SeqNum, UID: r.UID, Flags: r.Flags, Size: r.Size, Envelope: r.Envelope,
		BodyStructure: r.BodyStructure, InternalDate: r.InternalDate, ModSeq: r.ModSeq, sections: r.Contents,
	}
	for _, raw := range r.Raw {
		if m.Raw == nil {
			m.Raw = make(map[string]string, len(r.Raw))
		}
		m.Raw[raw.Name] = raw.Value
	}
	if r.Err != nil {
		m.err = &MessageError{UID: r.UID, Err: r.Err}
	}
	return m
}

var errSections = errors.New("imapconn: a message of which several sections were asked for is read by Section")

// Read reads the content of the section that was asked for. Its error is a
// [*MessageError] if the content cannot be had, or what ends the loop.
func (m *Message) Read(p []byte) (int, error) {
	switch {
	case m.err != nil:
		return 0, m.err
	case len(m.sections) == 0:
		return 0, io.EOF
	case len(m.sections) > 1:
		return 0, errSections
	}
	return m.sections[0].Read(p)
}

// Section returns the content of the section that was the i-th of
// FetchOptions.Sections, and nil if the message has no such part. It is read like the
// message itself.
func (m *Message) Section(i int) io.Reader {
	if m.err != nil || i < 0 || i >= len(m.sections) || m.sections[i].Missing {
		return nil
	}
	return m.sections[i]
}

// MessageError is a message that could not be had.
type MessageError struct {
	// UID is the message's.
	UID imap.UID
	// Err is an *imap.Error if the server has refused the message; otherwise it says what
	// cannot be read, or is missing.
	Err error
}

// Error returns the message's UID and the reason.
func (e *MessageError) Error() string {
	return ofMessage(fmt.Sprintf("message with UID %d", e.UID), e.Err)
}

// Unwrap returns Err.
func (e *MessageError) Unwrap() error { return e.Err }

// ofMessage returns the text of an error about one message of a loop. The package is named
// once in it.
func ofMessage(which string, err error) string {
	return wire.Printable(fmt.Sprintf("imapconn: %s: %s", which, strings.TrimPrefix(fmt.Sprint(err), "imapconn: ")))
}
