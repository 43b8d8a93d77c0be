package smtpconn

import (
	"errors"
	"fmt"
	"os"
	"time"

	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// readReplies reads a reply for each command that was written.
func (x *exchange) readReplies() {
	defer func() { x.done <- struct{}{} }()
	for {
		k, ok := x.nextReply()
		if !ok {
			return
		}
		x.in.Renew(wire.Greeting())
		code, text, err := smtpline.Scan(x.in, x.text[:0])
		x.text = text
		x.replied(k, code, text, err)
	}
}

// nextReply waits until there is a reply to be read, and sets its time.
func (x *exchange) nextReply() (k kind, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for x.err == nil && !x.stopped && x.read == x.published {
		x.change.Wait()
	}
	if x.err != nil || x.stopped {
		return 0, false
	}
	k = x.slots[x.read].kind
	by := after(x.times.of(k))
	if x.writeErr != nil {
		by = x.wordsBy
	}
	x.line.SetReadDeadline(by)
	return k, true
}

// replied stores a reply. 421 is one, and ends the session (RFC 5321 §3.8).
func (x *exchange) replied(k kind, code int, text []byte, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case err != nil:
		x.fail(x.explain(err))
		return
	case !k.permits(code):
		x.fail(x.misbehaved(fmt.Errorf("%w: %d in reply to %v", policy.ErrMalformed, code, k)))
		return
	}
	s := &x.slots[x.read]
	s.code = code
	if code >= 400 || k == kindContent {
		s.text = string(text)
	}
	x.read++
	if code == smtpline.ServiceClosing {
		x.fail(wire.Hangup(fmt.Sprint(code, " ", s.text)))
	}
	if x.read == x.published { // no reply is due, but the connection is read from
		x.line.SetReadDeadline(time.Time{})
	}
	if x.read == x.published || code >= 400 || k == kindChunk {
		x.change.Broadcast()
	}
}

// explain names the cause of a failed read.
func (x *exchange) explain(err error) error {
	var v *policy.Violation
	switch {
	case x.writeErr != nil && errors.Is(err, os.ErrDeadlineExceeded):
		return x.writeErr
	case errors.As(err, &v):
		return x.misbehaved(err)
	case errors.Is(err, os.ErrDeadlineExceeded) && x.read > 0 && x.features.pipelining:
		return fmt.Errorf("%w: %w", ErrPipelining, fmt.Errorf("no reply to %v: %w", x.slots[x.read].kind, err))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no reply to %v: %w", x.slots[x.read].kind, err)
	case x.features.pipelining && x.published-x.read > 1:
		return fmt.Errorf("%w: %w", wire.Ended(err), ErrPipelining)
	}
	return wire.Ended(err)
}

// misbehaved notes that replies may not be those of the commands that they were
// taken for, and names the switch that may help, if commands were pipelined.
func (x *exchange) misbehaved(err error) error {
	x.astray = true
	if x.features.pipelining {
		return fmt.Errorf("%w: %w", ErrPipelining, err)
	}
	return err
}

// quiet fails the connection if the server has said what answers no command:
// every later reply would be taken for another's. It is called with mu held,
// while no reply is due.
func (x *exchange) quiet() {
	err := x.line.unasked()
	switch {
	case errors.Is(err, policy.ErrInjected):
		x.fail(x.misbehaved(err))
	case err != nil:
		x.fail(err)
	}
}
