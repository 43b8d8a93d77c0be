package outbox

import (
	"errors"
	"fmt"
	"slices"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/smtpconn"
)

// state is what is known of a recipient.
type state string

const (
	waiting   state = "waiting"
	inDoubt   state = "in doubt"
	accepted  state = "accepted"
	refused   state = "refused"
	expired   state = "expired"
	givenUp   state = "given up"
	damaged   state = "damaged"
	cancelled state = "cancelled" // an end that is not told
)

var states = []state{waiting, inDoubt, accepted, refused, expired, givenUp, damaged, cancelled}

// recipient is a recipient of a message, as it is written to the journal.
type recipient struct {
	To       int      `json:"to"` // index in the envelope
	State    state    `json:"state"`
	Attempts int      `json:"attempts,omitempty"`
	Relay    int      `json:"relay,omitempty"`
	Bound    bool     `json:"bound,omitempty"` // it may be sent by Relay only
	Twice    bool     `json:"maybe_twice,omitempty"`
	Reply    string   `json:"reply,omitempty"`
	Failure  *failure `json:"failure,omitempty"` // the last
	Told     bool     `json:"told,omitempty"`

	doubtTold bool // in this run
}

// ended reports whether nothing more is done for the recipient than to tell its end.
func (r *recipient) ended() bool { return r.State != waiting && r.State != inDoubt }

// failure is a [smtpconn.SendError] about one recipient, as it is written to the
// journal.
type failure struct {
	Outcome  smtpconn.Outcome  `json:"outcome"`
	Phase    smtpconn.Phase    `json:"phase,omitempty"`
	Code     int               `json:"code,omitempty"` // of the reply; 0 if there is none
	Enhanced smtp.EnhancedCode `json:"enhanced,omitzero"`
	Text     string            `json:"text,omitempty"`
	Error    string            `json:"error,omitempty"` // the cause
}

// newFailure returns what an error of a relay says about a recipient.
func newFailure(outcome smtpconn.Outcome, phase smtpconn.Phase, reply *smtp.SMTPError, cause error) *failure {
	f := &failure{Outcome: outcome, Phase: phase}
	if reply != nil {
		f.Code, f.Enhanced, f.Text = reply.Code, reply.EnhancedCode, wire.Printable(reply.Message)
	}
	if cause != nil {
		f.Error = wire.Printable(cause.Error())
	}
	return f
}

// sendError returns the failure as an error about an address.
func (f *failure) sendError(address string) *smtpconn.SendError {
	e := &smtpconn.SendError{Outcome: f.Outcome, Phase: f.Phase}
	if f.Error != "" {
		e.Err = errors.New(f.Error)
	}
	if f.Code == 0 {
		return e
	}
	reply := &smtp.SMTPError{Code: f.Code, EnhancedCode: f.Enhanced, Message: f.Text}
	if f.Phase == smtpconn.PhaseRcpt {
		e.Refused = []smtpconn.Refusal{{Recipient: address, Reply: reply}}
	} else {
		e.Reply = reply
	}
	return e
}

// valid returns an error for a recipient that no Outbox has written.
func (r *recipient) valid(recipients int) error {
	switch {
	case r.To < 0 || r.To >= recipients:
		return fmt.Errorf("no recipient %d", r.To)
	case !slices.Contains(states, r.State):
		return fmt.Errorf("unknown state %.20q", r.State)
	case r.Attempts < 0 || r.Relay < 0:
		return errors.New("a negative number")
	case r.Failure == nil && (r.State == refused || r.State == inDoubt || r.State == damaged):
		return fmt.Errorf("%s without a failure", r.State)
	case r.Failure != nil && (r.Failure.Outcome < smtpconn.NotSent || r.Failure.Outcome > smtpconn.InDoubt):
		return errors.New("unknown outcome")
	}
	return nil
}

// refuse sets what the relay's reply to a recipient says.
func (r *recipient) refuse(refusal *smtpconn.Refusal) {
	e := smtpconn.SendError{Outcome: smtpconn.Refused, Phase: smtpconn.PhaseRcpt, Refused: []smtpconn.Refusal{*refusal}}
	r.Failure = newFailure(e.Outcome, e.Phase, refusal.Reply, nil)
	if e.MessageAtFault() && !e.Temporary() {
		r.State = refused
	}
}
