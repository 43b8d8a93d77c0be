package outbox

import (
	"errors"
	"time"

	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox/internal/journal"
)

// attempt is an attempt to send a message to some of its recipients, by one relay after
// the other. Those that a relay has refused are not taken to the next.
type attempt struct {
	o     *Outbox
	m     *journal.Message
	to    []int
	bound bool // only relay may be asked

	relay   int // that was asked last
	asked   int // how many were
	receipt *smtpconn.Receipt
	err     *smtpconn.SendError
	refused map[string]refusal // by recipient, the last; of relays that were asked for it

	again   time.Time // when the first of the relays that are down may be asked
	held    bool      // one is down in a way that time does not mend
	later   bool      // one may take the message at another time
	local   error     // what keeps the message from being sent is on this side
	damaged error     // the content is not what was stored
}

// refusal is the reply of a relay to a recipient.
type refusal struct {
	smtpconn.Refusal
	relay int
}

// open returns the recipients that no relay has refused. A relay that ends the session has
// not (RFC 5321 §3.8).
func (a *attempt) open() (list []int) {
	for _, i := range a.to {
		if r, refused := a.refused[a.m.Envelope.To[i]]; !refused || r.Reply.Code == smtpline.ServiceClosing {
			list = append(list, i)
		}
	}
	return list
}

// isForGood reports whether the message was not sent for a reason of its own, which the
// relay will have at any time. An extension may come, unless the relay has tried all that
// may have it.
func (a *attempt) isForGood() bool {
	var missing *smtpconn.ExtensionError
	var tried *wire.Attempts
	mayCome := errors.As(a.err, &missing) && !errors.As(a.err, &tried)
	return a.local == nil && a.err.MessageAtFault() && !a.err.Temporary() && !mayCome
}
