package smtpconn

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/mailconn/mailconn/internal/wire"
)

var (
	errNilContext = errors.New("nil context")
	errBusy       = errors.New("another message is being sent: wait for its result, or put both into one Stream")
	errAborted    = errors.New("the connection was closed")
	errUnfinished = errors.New("the connection was closed because a message could not be finished")
)

// Send sends one message: MAIL, RCPT and DATA in one group where the server
// lists PIPELINING, one by one otherwise, and then the content. That is two
// round trips; [Client.Stream] takes one for each of many.
//
// content is the message as it is to travel, header and body, in lines that end
// in CRLF. What is not is refused, or mended if the envelope says
// NormalizeLines; a last line without an end gets one. Dots are taken care of.
// Content of more than 16 KiB, and BINARYMIME, goes in chunks (BDAT, RFC 3030)
// if the server lists CHUNKING.
//
// A Receipt means that the server has the message, for the recipients in it;
// others may have been refused. Every error is a [*SendError], which says
// whether the message was not sent, refused, or whether that is not known.
// Nothing is ever tried again here.
//
// What is wrong with the envelope, or with the first 16 KiB of the content, is
// found before anything is said, and the session goes on. What is found later,
// or content that cannot be read, can only be left unfinished: the connection
// is closed, and the message not sent. So it is when ctx ends, also while the
// content keeps Send waiting: the content's Read is then left behind until it
// returns by itself. Content that has a Len method, as those in memory have, is
// taken not to wait, and is read on the caller's goroutine.
//
// Each command has the time that RFC 5321 §4.5.3.2 gives it, or
// Options.ReplyTimeout. The client's CommandTimeout and SubmissionTimeout have
// no effect here.
//
// The first Send allocates buffers of some 48 KiB, which the client keeps. Lines
// of any length are sent as they are, unless the envelope says ShortLines.
//
// Send leaves the session as it found it, between transactions, and must be
// called there: not between Mail and the end of Data. Reset helps after a
// transaction that was broken off.
func (c *Client) Send(ctx context.Context, e Envelope, content io.Reader) (*Receipt, error) {
	x, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer c.end(x, x.watch(ctx))
	l := x.prepare(&Message{e, content})
	if !l.done {
		x.step(nil, l)
	}
	if !l.done {
		x.step(l, nil)
	}
	return l.receipt, l.err
}

// Stream sends messages as Send does, one after the other, the content of each
// in one group with the envelope of the next (RFC 2920 §3.1): one round trip a
// message, and one more for all. Each message that is taken from the sequence
// yields its result, in the sequence's order. A message that is refused, or
// cannot be sent, leaves those before and behind it as they are.
//
// Results come one message late: the envelope of the next is out by then. So
// the sequence should end rather than wait when no message is ready, and the
// content of the next should be at hand.
//
// When the connection ends no more messages are taken; what is left of the
// sequence was not touched. Leaving the loop early closes the connection if the
// server is waiting for the content of a message, which is then not sent. No
// other method may be used within the loop, but for [Client.Abort],
// [Client.Err] and [Client.Security].
func (c *Client) Stream(ctx context.Context, messages iter.Seq[Message]) iter.Seq2[*Receipt, error] {
	return func(yield func(*Receipt, error) bool) {
		x, err := c.begin(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		defer c.end(x, x.watch(ctx))
		x.stream(messages, yield)
	}
}

func (x *exchange) stream(messages iter.Seq[Message], yield func(*Receipt, error) bool) {
	var cur *letter // its envelope was taken, and its content is wanted
	for m := range messages {
		next := x.prepare(&m)
		if cur != nil || !next.done {
			x.step(cur, next)
		}
		if cur != nil && !yield(cur.receipt, cur.err) {
			return
		}
		if cur = next; next.done {
			cur = nil
			if !yield(next.receipt, next.err) {
				return
			}
		}
		if x.failure() != nil {
			return
		}
	}
	if cur != nil {
		x.step(cur, nil)
		yield(cur.receipt, cur.err)
	}
}

// begin takes the connection.
func (c *Client) begin(ctx context.Context) (*exchange, error) {
	if ctx == nil {
		return nil, &SendError{Outcome: NotSent, Err: &wire.Fault{Err: errNilContext}}
	}
	if err := ctx.Err(); err != nil {
		return nil, &SendError{Outcome: NotSent, Err: wire.ContextError(ctx)}
	}
	if c.line.message != none {
		c.Abort()
		return nil, &SendError{Outcome: NotSent, Err: errNotClosed}
	}
	if !c.sending.CompareAndSwap(false, true) {
		return nil, &SendError{Outcome: NotSent, Err: &wire.Fault{Err: errBusy}}
	}
	if c.exchange == nil {
		c.exchange = newExchange(c.line, newFeatures(c.caps, c.Security(), c.opts), c.opts.sendTimes())
	}
	x := c.exchange
	x.start(ctx)
	if x.wait(0); x.failure() != nil {
		err := &SendError{Outcome: NotSent, Err: x.failure()}
		x.stop()
		c.sending.Store(false)
		return nil, err
	}
	return x, nil
}

// end gives the connection back.
func (c *Client) end(x *exchange, unwatch func() bool) {
	x.settle()
	unwatch()
	x.stop()
	c.sending.Store(false)
}

// settle leaves the session between transactions, or closed: also after a panic
// in a loop or a reader of the caller's.
func (x *exchange) settle() {
	if x.inData {
		x.abort(errUnfinished)
	}
	x.wait(0)
	if x.failure() == nil {
		x.renew()
		x.tidy()
		x.wait(0)
	}
}
