package outbox

import (
	"errors"
	"fmt"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/smtpconn/outbox/internal/journal"
)

// Result is the end of a message for one recipient, or that it is in doubt.
type Result struct {
	ID        string // of the message, as it was given to Put
	Recipient string // as in the envelope

	// Err is nil if a relay has accepted the message. Otherwise it is a
	// [*smtpconn.SendError] or a [*DamagedError], or wraps ErrExpired or ErrGivenUp.
	// The causes within a SendError are kept as text.
	Err error

	Attempts   int    // attempts in which the recipient was
	Relay      int    // the last relay that was asked, by its index in Config.Relays
	Reply      string // of the relay that has accepted the message, printable
	MaybeTwice bool   // it was sent again after an outcome in doubt
}

// resultOf returns what is to be told of a recipient.
func resultOf(m *journal.Message, r *journal.Recipient) Result {
	return Result{
		ID: m.ID, Recipient: m.Envelope.To[r.To], Err: endOf(m, r),
		Attempts: r.Attempts, Relay: r.Relay, Reply: r.Reply, MaybeTwice: r.Twice,
	}
}

// endOf returns the end of a message for a recipient as an error, or nil if it was
// accepted.
func endOf(m *journal.Message, r *journal.Recipient) error {
	var last error
	if r.Failure != nil {
		last = r.Failure.SendError(m.Envelope.To[r.To])
	}
	switch r.State {
	case journal.Accepted:
		return nil
	case journal.Damaged:
		return &DamagedError{ID: m.ID, File: contentDir + "/" + m.Key, Err: errors.New(r.Failure.Error)}
	case journal.Expired:
		return join(ErrExpired, last)
	case journal.GivenUp:
		return join(ErrGivenUp, last)
	}
	return last
}

func join(end, last error) error {
	if last == nil {
		return end
	}
	return wire.PrintableError(fmt.Errorf("%w: %w", end, last))
}
