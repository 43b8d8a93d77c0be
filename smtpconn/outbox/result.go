package outbox

import (
	"errors"
	"fmt"

	"github.com/mailconn/mailconn/internal/wire"
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
func resultOf(m *message, r *recipient) Result {
	return Result{
		ID: m.id, Recipient: m.env.To[r.To], Err: endOf(m, r),
		Attempts: r.Attempts, Relay: r.Relay, Reply: r.Reply, MaybeTwice: r.Twice,
	}
}

// endOf returns the end of a message for a recipient as an error, or nil if it was
// accepted.
func endOf(m *message, r *recipient) error {
	var last error
	if r.Failure != nil {
		last = r.Failure.sendError(m.env.To[r.To])
	}
	switch r.State {
	case accepted:
		return nil
	case damaged:
		return &DamagedError{ID: m.id, File: "content/" + m.key, Err: errors.New(r.Failure.Error)}
	case expired:
		return join(ErrExpired, last)
	case givenUp:
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
