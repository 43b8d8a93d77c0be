// Package transaction has the grammar of SMTP's mail transactions, as a session needs
// it: commands written ahead of their replies, a message's content, paths and
// parameters, and what refusals are about.
package transaction

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Pipeline writes commands in groups and reads their replies in order (RFC 2920).
// It knows nothing of mail. One goroutine uses it at a time; another may abort the
// connection.
type Pipeline struct {
	// Ahead tells that commands may be written before the replies to earlier ones
	// were read.
	Ahead bool
	// Unreliable is set if the server broke the order of replies: they tell nothing
	// then.
	Unreliable bool

	link *Link
	end  func(error) error // closes the connection, and returns why it is closed
	ctx  context.Context   // of the call that uses the pipeline

	out   []byte // to be written
	given int64  // bytes given to the connection: counted before they are written

	replies []Answer // one for each command that was put
	written int      // replies whose commands were given to the connection
	read    int      // replies that were read
	text    []byte   // room for the text of one
	checked bool     // no reply was read since it was looked whether there is one too many

	err      error     // the first failure: the connection is closed
	writeErr error     // of a write that failed while replies were due
	wordsBy  time.Time // after writeErr: until when replies are read
}

// Expectation is what the reply to a command must be.
type Expectation struct {
	Command  string        // for errors
	Accept   int           // the first digit of a reply that accepts
	Within   time.Duration // how long the reply may be in coming; zero is for ever
	KeepText bool          // of a reply that accepts
}

// permits reports whether code can be the reply: by its first digit, whatever the
// rest (RFC 5321 §4.3.2).
func (e *Expectation) permits(code int) bool { return code/100 == e.Accept || code >= 400 }

// Answer is what was said to a command of a Pipeline.
type Answer struct {
	Want *Expectation
	Code int    // 0: it was not read
	Text string // of a refusal, and where it is kept; lines are separated by line feeds
}

// Refused reports whether the answer is a refusal.
func (r Answer) Refused() bool { return r.Code >= 400 }

// NewPipeline returns a Pipeline over l, with Ahead as given. end is called once, when the connection is to
// be closed, and returns why it is.
func NewPipeline(l *Link, ahead bool, end func(error) error) *Pipeline {
	return &Pipeline{link: l, Ahead: ahead, end: end}
}

// bufferSize is as much as two TLS records hold.
const bufferSize = 32 << 10

// Start makes the pipeline ready for a call whose context is ctx.
func (p *Pipeline) Start(ctx context.Context) {
	if p.out == nil {
		p.out = make([]byte, 0, bufferSize)
	}
	p.ctx = ctx
	p.Forget()
	p.link.Begin()
	p.checkUnsolicited()
}

// Forget drops replies that were judged. None may be due.
func (p *Pipeline) Forget() { p.replies, p.written, p.read = p.replies[:0], 0, 0 }

// Put adds to what is to be written.
func (p *Pipeline) Put(b []byte) {
	for len(b) > 0 {
		n := copy(p.Room(1), b)
		p.Filled(n)
		b = b[n:]
	}
}

// Room returns the free part of the buffer, of at least n bytes, which it writes
// out to have them. The caller writes to it and calls Filled.
func (p *Pipeline) Room(n int) []byte {
	if cap(p.out)-len(p.out) < n {
		p.Flush()
	}
	return p.out[len(p.out):cap(p.out)]
}

// Filled tells that n bytes were written to what Room returned.
func (p *Pipeline) Filled(n int) { p.out = p.out[:len(p.out)+n] }

// Position returns where the next byte put will be in all that is written.
func (p *Pipeline) Position() int64 { return p.given + int64(len(p.out)) }

// Command puts a command, whose last part is line, and returns the number of its
// reply. Without pipelining it waits for the reply.
func (p *Pipeline) Command(line []byte, want *Expectation) int {
	p.Put(line)
	p.replies = append(p.replies, Answer{Want: want})
	if !p.Ahead {
		p.readDue()
	}
	return len(p.replies) - 1
}

// Given reports whether the byte at a position, or a part of what was put with it,
// may have reached the server.
func (p *Pipeline) Given(position int64) bool { return p.given > position }

// Context returns the context of the call that uses the pipeline.
func (p *Pipeline) Context() context.Context { return p.ctx }

// Answers returns the replies that were read and those that are due, whose code is
// 0.
func (p *Pipeline) Answers() []Answer { return p.replies }

// Last returns the number of the last reply that was read, and -1 if none was.
func (p *Pipeline) Last() int { return p.read - 1 }

// Answer returns a reply by its number. If it was not read, its code is 0.
func (p *Pipeline) Answer(i int) Answer {
	if i < 0 || i >= p.read {
		return Answer{}
	}
	return p.replies[i]
}

// window is how many replies may be due when more is written and nothing reads: the
// server must be able to say so many to the buffers on the way.
const window = 200

// Flush writes what was put. While no reply is due the server must not have said
// anything: what it says from here on is taken for the reply.
func (p *Pipeline) Flush() {
	if p.written-p.read > window && p.err == nil {
		p.link.ReadAhead()
		p.readArrived()
	}
	if len(p.out) > 0 && p.written == p.read {
		p.checkUnsolicited()
	}
	if len(p.out) > 0 && !p.Failed() {
		p.given += int64(len(p.out))
		p.written = len(p.replies)
		if _, err := p.link.Write(p.out); err != nil {
			p.writeFailed(wire.Ended(err))
		}
	}
	p.out = p.out[:0]
}

// lastWords bounds the wait for what a server said before it hung up.
const lastWords = time.Second

// writeFailed notes that the server takes no more. What it said before that is
// still worth reading: it may have taken a message.
func (p *Pipeline) writeFailed(err error) {
	if p.read == p.written {
		p.Fail(err)
		return
	}
	p.writeErr, p.wordsBy = err, time.Now().Add(lastWords)
}

// Wait writes what was put, reads the replies to all that was written, and fails if
// there is one more. Without pipelining it looks no further than to what was read with
// the replies: before the next command it is looked again.
func (p *Pipeline) Wait() {
	p.readDue()
	if !p.checked && (p.Ahead || p.link.In.Buffered() > 0) {
		p.checkUnsolicited()
	}
}

// readDue writes what was put and reads the replies to all that was written.
func (p *Pipeline) readDue() {
	p.Flush()
	for p.read < p.written && p.err == nil {
		p.readReply()
	}
	if p.err == nil && p.writeErr != nil {
		p.Fail(p.writeErr)
	}
	if p.err == nil {
		p.link.SetReadDeadline(time.Time{})
	}
}

// maxKept bounds what is kept of the text of a reply, in bytes.
const maxKept = 2 << 10

// ReadArrived writes what was put, and reads the replies that are there already.
func (p *Pipeline) ReadArrived() {
	p.Flush()
	p.readArrived()
}

func (p *Pipeline) readArrived() {
	for p.read < p.written && p.err == nil {
		if arrived, err := p.link.In.Arrived(); !arrived && err == nil {
			return
		}
		p.readReply()
	}
}

// readReply reads one reply. 421 ends the session (RFC 5321 §3.8).
func (p *Pipeline) readReply() {
	r := &p.replies[p.read]
	if p.read == 0 || p.link.In.Buffered() == 0 {
		p.link.SetReadDeadline(p.replyBy(r.Want))
	}
	p.link.In.Renew(wire.Greeting())
	code, text, err := smtp.Scan(p.link.In, p.text[:0])
	p.text = text[:0]
	switch {
	case err != nil:
		p.Fail(p.explain(err, r.Want))
		return
	case !r.Want.permits(code):
		p.Unreliable = true
		p.Fail(p.blamePipelining(fmt.Errorf("%w: %d in reply to %s", policy.ErrMalformed, code, r.Want.Command)))
		return
	}
	p.read++
	p.checked = false
	if r.Code = code; r.Refused() || r.Want.KeepText {
		r.Text = string(text[:min(len(text), maxKept)])
	}
	if code == smtp.ServiceClosing {
		p.Fail(wire.Hangup(fmt.Sprint(code, " ", r.Text)))
	}
}

func (p *Pipeline) replyBy(want *Expectation) time.Time {
	switch {
	case p.writeErr != nil:
		return p.wordsBy
	case want.Within == 0:
		return time.Time{}
	}
	return time.Now().Add(want.Within)
}

// explain names the cause of a read that failed.
func (p *Pipeline) explain(err error, want *Expectation) error {
	var broken *policy.Violation
	switch {
	case errors.As(err, &broken):
		p.Unreliable = true
		return p.blamePipelining(err)
	case errors.Is(err, os.ErrDeadlineExceeded) && p.writeErr != nil:
		return p.writeErr
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = fmt.Errorf("no reply to %s: %w", want.Command, err)
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
func (p *Pipeline) blamePipelining(err error) error {
	if !p.Ahead {
		return err
	}
	return fmt.Errorf("%w; %w", err, line.ErrPipelining)
}

// checkUnsolicited fails if the server has said what answers no command. It is
// called while no reply is due.
func (p *Pipeline) checkUnsolicited() {
	if p.checked = true; p.err != nil {
		return
	}
	err := smtp.Unsolicited(p.link.In)
	if errors.Is(err, policy.ErrInjected) {
		p.Unreliable = true
		err = p.blamePipelining(err)
	}
	if err != nil {
		p.Fail(err)
	}
}

// Fail closes the connection, and keeps the first reason.
func (p *Pipeline) Fail(err error) {
	if p.err != nil {
		return
	}
	p.err = p.end(wire.UnderContext(p.ctx, err))
}

// Failed reports whether nothing more can be written.
func (p *Pipeline) Failed() bool { return p.err != nil || p.writeErr != nil }

// Failure returns why, or nil.
func (p *Pipeline) Failure() error {
	if p.err == nil {
		return p.writeErr
	}
	return p.err
}
