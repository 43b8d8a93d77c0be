package imapconn

import (
	"bytes"
	"context"
	"strings"

	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/imapconn/internal/notice"
	"github.com/mailconn/mailconn/imapconn/internal/stream"
	"github.com/mailconn/mailconn/imapconn/internal/values"
	"github.com/mailconn/mailconn/internal/line/imap/response"
	"github.com/mailconn/mailconn/internal/wire"
)

// Do sends a command that neither this package nor go-imap has, and returns the answer:
//
//	reply, err := client.Do(ctx, "GENURLAUTH", url, imapconn.Atom("INTERNAL"))
//
// The name is that of the command; it may begin with "UID ". What an argument's type is
// says how it is sent, and no value can be taken for anything else:
//
//   - string: a quoted string, or a literal if it cannot be quoted; []byte: a literal
//   - [Atom], imap.Flag: as they are
//   - [MailboxName]: a string, in the encoding that the session uses
//   - int, int64, uint32, uint64: a number
//   - imap.UIDSet, imap.SeqSet: a set
//   - nil: NIL
//   - [List]: a list of these
//
// Do waits until the commands that are pending are answered, and holds up the commands
// that are sent meanwhile until it has its own answer. Like every answer, this one is held
// to [Options.Bounds]. A FETCH is the reply's if the command is one: the bodies in it may
// have Bounds.Line bytes, and a longer one ends the session with a violation that has the
// reason policy.ErrLimit. The numbers of messages, the flags of a mailbox and capabilities
// are told as ever, and are no part of the reply.
//
// Do does not send commands that change what the session is: LOGIN, AUTHENTICATE,
// UNAUTHENTICATE, PROXYAUTH, STARTTLS, COMPRESS, LOGOUT, ENABLE, SELECT, EXAMINE, CLOSE,
// UNSELECT, IDLE and NOTIFY. That, and an argument that cannot be sent, is a [*dial.Error]
// with phase dial.PhaseConfig, before anything is sent.
//
// The error is the server's *imap.Error if it refuses the command, [ErrIdle], or a
// [*dial.Error] otherwise. When ctx ends, Do returns at once and the session goes on, unless
// the command was still being written.
func (c *Client) Do(ctx context.Context, name string, args ...any) (*Reply, error) {
	r, err := c.compose(ctx, name, args)
	if err != nil {
		return nil, c.wrongCall(err)
	}
	d := &doing{limits: c.stream.Limits, reply: new(Reply)}
	d.Data, d.Fetches, d.Hold = d.add, r.Command == "FETCH", c.stream.Limits.Line
	if err = c.stream.Begin(ctx, &d.Exchange, []commands.Request{r}, stream.AnyMailbox); err == nil {
		err = c.stream.AwaitAnswers(ctx, &d.Exchange)
	}
	switch {
	case err != nil:
	case d.Commands[0].Answer.Refused != nil:
		return nil, d.Commands[0].Answer.Refused
	case d.unreadable != nil:
		err = d.unreadable
	default:
		d.reply.Code = d.Commands[0].Answer.CodeText()
		return d.reply, nil
	}
	return nil, c.loopError(err)
}

// Reply is the answer to a command of Do.
type Reply struct {
	// Code is the response code with what belongs to it, without the brackets; "" if there is
	// none. Its first word is in upper case.
	Code string
	// Responses are the data that came with the answer, in the server's order.
	Responses []Response
}

// Response is data of a server.
type Response struct {
	// Number is the number ahead of the name, and 0 if there is none.
	Number uint32
	// Name says what the data is, in upper case.
	Name string
	// Args are what follows: an Atom, which a number is as well; a string, whatever form it was sent
	// in; nil for NIL; or a List of these.
	Args List
}

// Atom is an argument, or a value in an answer, that stands as it is: a keyword or a number.
type Atom string

// List is a list, in parentheses.
type List []any

// MailboxName is the name of a mailbox, in UTF-8, as an argument of Do.
type MailboxName string

// doing is an exchange of Do.
type doing struct {
	commands.Exchange
	limits     response.Limits
	reply      *Reply
	unreadable error
}

// replyTypes are the types of the values in a Reply.
var replyTypes = values.Types{
	Atom: func(text string) any { return Atom(text) },
	List: func(members []any) any { return List(members) },
}

// add takes a response.
func (d *doing) add(b []byte, h response.Head) {
	args, ok := values.Read(b[h.Args:], d.limits, replyTypes)
	if !ok {
		if d.unreadable == nil {
			d.unreadable = notice.Unreadable(string(bytes.ToUpper(h.Name(b))), b[:min(len(b), 100)])
		}
		return
	}
	name := strings.ToUpper(wire.Printable(string(h.Name(b))))
	d.reply.Responses = append(d.reply.Responses, Response{Number: h.Number, Name: name, Args: args})
}
