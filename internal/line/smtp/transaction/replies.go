package transaction

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

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

// maxKept bounds what is kept of the text of a reply, in bytes.
const maxKept = 2 << 10

// readArrived reads the replies that are there already.
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
		p.Fail(wire.Hangup(smtp.Reply{Code: code, Text: r.Text}.String()))
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
