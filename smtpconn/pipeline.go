package smtpconn

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// pipeline writes commands in groups and reads their replies in order (RFC 2920).
// It knows nothing of mail. One goroutine uses it at a time; another may abort the
// connection.
type pipeline struct {
	line  *handover
	ahead bool            // commands may be written before the replies to earlier ones
	ctx   context.Context // of the call that uses the pipeline

	out   []byte // to be written
	given int64  // bytes given to the connection: counted before they are written

	replies []reply // one for each command that was put
	written int     // replies whose commands were given to the connection
	read    int     // replies that were read
	text    []byte  // room for the text of one

	err        error     // the first failure: the connection is closed
	writeErr   error     // of a write that failed while replies were due
	wordsBy    time.Time // after writeErr: until when replies are read
	unreliable bool      // the server broke the order of replies, so none tells anything
}

// expectation is what the reply to a command must be.
type expectation struct {
	command  string        // for errors
	accept   int           // the first digit of a reply that accepts
	within   time.Duration // how long the reply may be in coming; zero is for ever
	keepText bool          // of a reply that accepts
}

// permits reports whether code can be the reply: by its first digit, whatever the
// rest (RFC 5321 §4.3.2).
func (e *expectation) permits(code int) bool { return code/100 == e.accept || code >= 400 }

// reply is what was said to a command.
type reply struct {
	want *expectation
	code int    // 0: it was not read
	text string // of a refusal, and where it is kept
}

func (r reply) refused() bool { return r.code >= 400 }

// bufferSize is as much as one TLS record holds.
const bufferSize = 16 << 10

// start makes the pipeline ready for a call whose context is ctx.
func (p *pipeline) start(ctx context.Context) {
	if p.out == nil {
		p.out = make([]byte, 0, bufferSize)
	}
	p.ctx = ctx
	p.forget()
	p.line.Begin()
	p.checkUnsolicited()
}

// forget drops replies that were judged. None may be due.
func (p *pipeline) forget() { p.replies, p.written, p.read = p.replies[:0], 0, 0 }

// put adds to what is to be written.
func (p *pipeline) put(b []byte) {
	for len(b) > 0 {
		n := copy(p.room(1), b)
		p.filled(n)
		b = b[n:]
	}
}

// room returns the free part of the buffer, of at least n bytes, which it writes
// out to have them. The caller writes to it and calls filled.
func (p *pipeline) room(n int) []byte {
	if cap(p.out)-len(p.out) < n {
		p.flush()
	}
	return p.out[len(p.out):cap(p.out)]
}

func (p *pipeline) filled(n int) { p.out = p.out[:len(p.out)+n] }

// position returns where the next byte put will be in all that is written.
func (p *pipeline) position() int64 { return p.given + int64(len(p.out)) }

// command puts a command, whose last part is line, and returns the number of its
// reply. Without pipelining it waits for the reply.
func (p *pipeline) command(line []byte, want *expectation) int {
	p.put(line)
	p.replies = append(p.replies, reply{want: want})
	if !p.ahead {
		p.wait()
	}
	return len(p.replies) - 1
}

// reply returns a reply by its number. If it was not read, its code is 0.
func (p *pipeline) reply(i int) reply {
	if i < 0 || i >= p.read {
		return reply{}
	}
	return p.replies[i]
}

// window is how many replies may be due when more is written. The server must be
// able to say so many without being read from.
const window = 200

// flush writes what was put. While no reply is due the server must not have said
// anything: what it says from here on is taken for the reply.
func (p *pipeline) flush() {
	for p.written-p.read > window && p.err == nil {
		p.readReply()
	}
	if len(p.out) > 0 && p.written == p.read {
		p.checkUnsolicited()
	}
	if len(p.out) > 0 && !p.failed() {
		p.given += int64(len(p.out))
		p.written = len(p.replies)
		if _, err := p.line.Feed.Write(p.out); err != nil {
			p.writeFailed(wire.Ended(err))
		}
	}
	p.out = p.out[:0]
}

// lastWords bounds the wait for what a server said before it hung up.
const lastWords = time.Second

// writeFailed notes that the server takes no more. What it said before that is
// still worth reading: it may have taken a message.
func (p *pipeline) writeFailed(err error) {
	if p.read == p.written {
		p.fail(err)
		return
	}
	p.writeErr, p.wordsBy = err, time.Now().Add(lastWords)
}

// wait writes what was put and reads the replies to all that was written.
func (p *pipeline) wait() {
	p.flush()
	for p.read < p.written && p.err == nil {
		p.readReply()
	}
	if p.err == nil && p.writeErr != nil {
		p.fail(p.writeErr)
	}
	if p.err == nil {
		p.line.SetReadDeadline(time.Time{})
		p.checkUnsolicited()
	}
}

// maxKept bounds what is kept of the text of a reply, in bytes.
const maxKept = 2 << 10

// readArrived reads the replies that are there already.
func (p *pipeline) readArrived() {
	for p.flush(); p.read < p.written && p.err == nil && (p.line.in.Buffered() > 0 || p.line.Ready()); {
		p.readReply()
	}
}

// readReply reads one reply. 421 ends the session (RFC 5321 §3.8).
func (p *pipeline) readReply() {
	r := &p.replies[p.read]
	if p.read == 0 || p.line.in.Buffered() == 0 {
		p.line.SetReadDeadline(p.replyBy(r.want))
	}
	p.line.in.Renew(wire.Greeting())
	code, text, err := smtpline.Scan(p.line.in, p.text[:0])
	p.text = text[:0]
	switch {
	case err != nil:
		p.fail(p.explain(err, r.want))
		return
	case !r.want.permits(code):
		p.unreliable = true
		p.fail(p.blamePipelining(fmt.Errorf("%w: %d in reply to %s", policy.ErrMalformed, code, r.want.command)))
		return
	}
	p.read++
	if r.code = code; r.refused() || r.want.keepText {
		r.text = string(text[:min(len(text), maxKept)])
	}
	if code == smtpline.ServiceClosing {
		p.fail(wire.Hangup(fmt.Sprint(code, " ", r.text)))
	}
}

func (p *pipeline) replyBy(want *expectation) time.Time {
	switch {
	case p.writeErr != nil:
		return p.wordsBy
	case want.within == 0:
		return time.Time{}
	}
	return time.Now().Add(want.within)
}

// explain names the cause of a read that failed.
func (p *pipeline) explain(err error, want *expectation) error {
	var broken *policy.Violation
	switch {
	case errors.As(err, &broken):
		p.unreliable = true
		return p.blamePipelining(err)
	case errors.Is(err, os.ErrDeadlineExceeded) && p.writeErr != nil:
		return p.writeErr
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = fmt.Errorf("no reply to %s: %w", want.command, err)
		if p.read > 0 {
			return p.blamePipelining(err)
		}
	case p.written-p.read > 1:
		return p.blamePipelining(wire.Ended(err))
	}
	return wire.Ended(err)
}

// blamePipelining adds to an error the switch that may help, if commands were sent
// ahead of replies.
func (p *pipeline) blamePipelining(err error) error {
	if !p.ahead {
		return err
	}
	return fmt.Errorf("%w; %w", err, ErrPipelining)
}

// checkUnsolicited fails if the server has said what answers no command. It is
// called while no reply is due.
func (p *pipeline) checkUnsolicited() {
	if p.err != nil {
		return
	}
	err := p.line.unsolicited()
	if errors.Is(err, policy.ErrInjected) {
		p.unreliable = true
		err = p.blamePipelining(err)
	}
	if err != nil {
		p.fail(err)
	}
}

// fail closes the connection, and keeps the first reason.
func (p *pipeline) fail(err error) {
	if p.err != nil {
		return
	}
	if p.ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", wire.ContextError(p.ctx), err)
	}
	p.err = p.line.fail(err)
}

// failed reports whether nothing more can be written.
func (p *pipeline) failed() bool { return p.err != nil || p.writeErr != nil }

// failure returns why, or nil.
func (p *pipeline) failure() error {
	if p.err == nil {
		return p.writeErr
	}
	return p.err
}

// ErrPipelining is in the chain of an error when a server that lists PIPELINING
// did not answer as RFC 2920 says, or hung up while commands were sent ahead of
// their replies. The network may be the cause of the latter. Options.NoPipelining
// does without.
var ErrPipelining = errors.New("commands were sent ahead of replies, since the server lists PIPELINING, and it may not keep to that; Options.NoPipelining does without")
