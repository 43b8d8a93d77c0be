package smtpconn

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/mailconn/mailconn/internal/wire"
)

// Send sends one message: MAIL, RCPT and DATA in one group where the server lists
// PIPELINING, one by one otherwise, and then the content. That is two round trips,
// and one more for several recipients without Envelope.Partial. [Client.SendEach]
// sends many messages in one round trip each.
//
// content is the message as it is to travel, header and body, in lines that end in
// CRLF. Other line ends are an error, or become CRLF if the envelope says
// NormalizeLines; a last line without an end gets one, and dots are doubled. The
// content goes with DATA, BINARYMIME with BDAT (RFC 3030).
//
// Header fields must be ASCII: other characters stand in them as encoded words (RFC
// 2047), which mime.QEncoding and mime.BEncoding write. Only a message that is sent with
// SMTPUTF8 may have UTF-8 there (RFC 6532). Send does not look at the fields, and
// re-encodes nothing.
//
// A Receipt means that the server has the message, for the recipients in it. Every
// error is a [*SendError], which says whether the message was not sent, was
// refused, or is in doubt. Nothing is tried again.
//
// What is wrong with the envelope, or with the first 16 KiB of the content, is
// found before anything is said, and the session goes on. After content that is
// found wrong later, or that cannot be read, the message can only be left
// unfinished: it is not sent, and the connection is closed.
//
// When ctx ends, so does the connection; Send returns, also while a Read or Seek of
// the content waits. That is then left behind, and the content is the caller's again
// when it has returned. Content that has a Len method, as those in memory have, is
// taken not to wait, and is read on the caller's goroutine. A panic of the content or
// of BeforeEnd is one of Send.
//
// Each command has the time that RFC 5321 §4.5.3.2 gives it, or
// Options.ReplyTimeout. The client's CommandTimeout and SubmissionTimeout have no
// effect.
//
// Send must be called between transactions, not between Mail and the end of Data,
// and leaves the session there. Its buffers, of about 48 KiB, are given back when
// the client was idle for a second.
func (c *Client) Send(ctx context.Context, e Envelope, content io.Reader) (*Receipt, error) {
	s, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer c.end(s, s.watch())
	o := s.prepare(&Message{e, content})
	if !o.done {
		s.step(nil, o)
	}
	if !o.done {
		s.step(o, nil)
	}
	return c.result(o)
}

// result returns what came of a message.
func (c *Client) result(o *outgoing) (*Receipt, error) {
	if e, failed := o.err.(*SendError); failed {
		e.noAuth = c.opts.Auth == nil
	}
	return o.receipt, o.err
}

// SendEach sends messages as Send does, one after the other, the content of each
// in one group with the envelope of the next (RFC 2920 §3.1): one round trip a
// message, and one more for all. Messages to several recipients without
// Envelope.Partial take two. Each message that is taken from the sequence yields its
// result, in the sequence's order. A message that is refused, or cannot be sent,
// leaves those before and behind it as they are.
//
// A result comes when the envelope of the next message was sent, so the sequence
// should end rather than wait when no message is ready, and the content of the next
// should be at hand.
//
// When the connection ends no more messages are taken; what is left of the sequence
// was not touched. Leaving the loop early closes the connection if the server is
// waiting for the content of a message, which is then not sent. Within the loop the
// client is busy ([ErrBusy]); [Client.Abort], [Client.Err] and [Client.Security]
// may be used.
func (c *Client) SendEach(ctx context.Context, messages iter.Seq[Message]) iter.Seq2[*Receipt, error] {
	return func(yield func(*Receipt, error) bool) {
		s, err := c.begin(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		defer c.end(s, s.watch())
		c.sendEach(s, messages, yield)
	}
}

func (c *Client) sendEach(s *sender, messages iter.Seq[Message], yield func(*Receipt, error) bool) {
	var cur *outgoing // its envelope was taken, and its content is wanted
	for m := range messages {
		next := s.prepare(&m)
		if cur != nil || !next.done {
			envelope := next
			if next.done {
				envelope = nil
			}
			s.step(cur, envelope)
		}
		if cur != nil && !yield(c.result(cur)) {
			return
		}
		if cur = next; next.done {
			cur = nil
			if !yield(c.result(next)) {
				return
			}
		}
		if s.Failed() {
			return
		}
	}
	if cur != nil {
		s.step(cur, nil)
		yield(c.result(cur))
	}
}

// begin takes the session for sending.
func (c *Client) begin(ctx context.Context) (*sender, error) {
	if ctx == nil {
		return nil, badCall(errNilContext)
	}
	if ctx.Err() != nil {
		return nil, &SendError{Outcome: NotSent, Phase: PhaseConfig, Err: wire.ContextError(ctx)}
	}
	if !c.acquire() {
		return nil, &SendError{Outcome: NotSent, Phase: PhaseConfig, Err: &wire.CallError{Err: ErrBusy}}
	}
	if c.line.message != none {
		c.Abort()
		c.release()
		return nil, &SendError{Outcome: NotSent, Phase: PhaseConfig, Err: errNotClosed}
	}
	if err := c.Err(); err != nil {
		c.release()
		return nil, &SendError{Outcome: NotSent, Phase: PhaseConfig, Err: fmt.Errorf("smtpconn: the session has ended: %w", err)}
	}
	if c.sender == nil {
		c.usage.Limits = c.Limits()
		c.sender = newSender(&c.line, newFeatures(c.line.caps, c.Security().Confidential(), c.opts), &c.usage, c.opts.times())
	}
	s := c.sender
	if s.Start(ctx); s.Failed() {
		c.release()
		return nil, &SendError{Outcome: NotSent, Phase: PhaseConfig, Err: s.Failure()}
	}
	return s, nil
}

// watch makes the end of the context that of the connection, until the result is
// called.
func (s *sender) watch() (unwatch func() bool) {
	if s.Context().Done() == nil {
		return func() bool { return true }
	}
	return context.AfterFunc(s.Context(), func() { s.line.Abort() })
}

// end leaves the session between transactions, or closed, and gives it back: also
// after a panic in a loop, a reader or a hook of the caller's.
func (c *Client) end(s *sender, unwatch func() bool) {
	defer c.release()
	defer unwatch()
	if s.wantsContent {
		s.Fail(errUnfinished)
	}
	s.Wait()
	if s.needsDot || s.needsReset {
		s.Forget()
		s.endTransaction()
		s.Wait()
		s.judgeReset()
	}
}
