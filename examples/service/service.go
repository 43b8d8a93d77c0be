// Package service shows a notification service: one pool of connections to its relay for
// as long as it runs, and one decision for each message. The program examples/notify is
// a whole service, which keeps its messages in an outbox.
package service

import (
	"errors"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// NewPool returns the pool of a service. It does not connect: the first message does.
// The password comes from a source, so that the service need not be restarted when the
// password changes.
func NewPool(relay dial.Endpoint, d *dial.Dialer, user string, password auth.Source) (*pool.Pool, error) {
	return pool.New(pool.Config{
		Endpoint: relay,
		Options: &smtpconn.Options{
			Dialer: d,
			Auth:   auth.Password{User: user, Secret: password},
		},
		MaxConns:      4,
		RatePerSecond: 500,
		Burst:         100,
		WaitWhileDown: true,
	})
}

// Decision is what the service does with a message.
type Decision string

// The decisions.
const (
	Done    Decision = "done: it was sent"
	Partly  Decision = "done, but not for all recipients"
	Requeue Decision = "not sent: put it back into the queue"
	Hold    Decision = "the relay is down: hold it, and all that follow"
	GiveUp  Decision = "refused for good: give it up"
	Ask     Decision = "in doubt: it may have been sent, so a person decides"
)

// Decide returns the decision for the result of Send.
func Decide(receipt *smtpconn.Receipt, err error) Decision {
	var failed *smtpconn.SendError
	var down *pool.DownError
	switch {
	case err == nil && len(receipt.Refused) == 0:
		return Done
	case err == nil:
		return Partly // only with Envelope.Partial
	case errors.Is(err, smtpconn.InDoubt):
		return Ask
	case errors.As(err, &down):
		// The relay cannot be reached, refuses the password, or has a certificate
		// that does not verify. If down.Temporary() is false, alert the operator.
		return Hold
	case errors.As(err, &failed) && failed.MessageAtFault() && !failed.Temporary():
		return GiveUp
	}
	return Requeue
}
