package journal

import (
	"errors"
	"fmt"
	"slices"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/smtpconn"
)

// State is what is known of a recipient.
type State string

const (
	Waiting   State = "waiting"
	InDoubt   State = "in doubt"
	Accepted  State = "accepted"
	Refused   State = "refused"
	Expired   State = "expired"
	GivenUp   State = "given up"
	Damaged   State = "damaged"
	Cancelled State = "cancelled" // an end that is not told
)

var states = []State{Waiting, InDoubt, Accepted, Refused, Expired, GivenUp, Damaged, Cancelled}

// Recipient is a recipient of a message, as it is written to the journal.
type Recipient struct {
	To       int      `json:"to"` // index in the envelope
	State    State    `json:"state"`
	Attempts int      `json:"attempts,omitempty"`
	Relay    int      `json:"relay,omitempty"`
	Bound    bool     `json:"bound,omitempty"` // it may be sent by Relay only
	Twice    bool     `json:"maybe_twice,omitempty"`
	Reply    string   `json:"reply,omitempty"`
	Failure  *Failure `json:"failure,omitempty"` // the last
	Told     bool     `json:"told,omitempty"`

	// Of this run.
	DoubtTold bool `json:"-"`
	Asked     bool `json:"-"` // it has had its attempt, and others that wait may have not
}

// Ended reports whether nothing more is done for the recipient than to tell its end.
func (r *Recipient) Ended() bool { return r.State != Waiting && r.State != InDoubt }

// Failure is a [smtpconn.SendError] about one recipient, as it is written to the
// journal.
type Failure struct {
	Outcome  smtpconn.Outcome  `json:"outcome"`
	Phase    smtpconn.Phase    `json:"phase,omitempty"`
	Code     int               `json:"code,omitempty"` // of the reply; 0 if there is none
	Enhanced smtp.EnhancedCode `json:"enhanced,omitzero"`
	Text     string            `json:"text,omitempty"`
	Error    string            `json:"error,omitempty"` // the cause
}

// NewFailure returns what an error of a relay says about a recipient.
func NewFailure(outcome smtpconn.Outcome, phase smtpconn.Phase, reply *smtp.SMTPError, cause error) *Failure {
	f := &Failure{Outcome: outcome, Phase: phase}
	if reply != nil {
		f.Code, f.Enhanced, f.Text = reply.Code, reply.EnhancedCode, wire.Printable(reply.Message)
	}
	if cause != nil {
		f.Error = wire.Printable(cause.Error())
	}
	return f
}

// SendError returns the failure as an error about an address.
func (f *Failure) SendError(address string) *smtpconn.SendError {
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
func (r *Recipient) valid(recipients int) error {
	switch {
	case r.To < 0 || r.To >= recipients:
		return fmt.Errorf("no recipient %d", r.To)
	case !slices.Contains(states, r.State):
		return fmt.Errorf("unknown state %.20q", r.State)
	case r.Attempts < 0 || r.Relay < 0:
		return errors.New("a negative number")
	case r.Failure == nil && (r.State == Refused || r.State == InDoubt || r.State == Damaged):
		return fmt.Errorf("%s without a failure", r.State)
	case r.Failure != nil && (r.Failure.Outcome < smtpconn.NotSent || r.Failure.Outcome > smtpconn.InDoubt):
		return errors.New("unknown outcome")
	}
	return nil
}

// Refuse sets what the relay's reply to a recipient says.
func (r *Recipient) Refuse(refusal *smtpconn.Refusal) {
	e := smtpconn.SendError{Outcome: smtpconn.Refused, Phase: smtpconn.PhaseRcpt, Refused: []smtpconn.Refusal{*refusal}}
	r.Failure = NewFailure(e.Outcome, e.Phase, refusal.Reply, nil)
	if e.MessageAtFault() && !e.Temporary() {
		r.State = Refused
	}
}
