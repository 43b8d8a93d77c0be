package smtpconn

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mailconn/mailconn/internal/line/smtp/transaction"
)

// ErrServerLimits says that a message, or one more of them in this session, is
// beyond what the server lists in LIMITS (RFC 9422). It was not sent.
var ErrServerLimits = errors.New("smtpconn: beyond the server's LIMITS")

// Limits are what a server lists in LIMITS (RFC 9422); 0 is no limit. Send and
// SendEach keep to them, and count what they have sent themselves.
type Limits struct {
	Messages   int // MAILMAX: in a session, refused ones too
	Recipients int // RCPTMAX: of a message, refused ones too
	Domains    int // RCPTDOMAINMAX: different ones of recipients, in a session
}

// usage is what a session has used of its limits. The wrapped client's own
// commands are not counted.
type usage struct {
	Limits
	messages int
	domains  map[string]bool // kept where they are limited
}

// permit returns an error if an envelope would go beyond a limit. A message with
// more recipients than RCPTMAX is not split: a receipt is about one transaction.
func (u *usage) permit(e *Envelope) error {
	switch {
	case u.Recipients > 0 && len(e.To) > u.Recipients:
		return fmt.Errorf("%w: %d recipients (RCPTMAX=%d)", ErrServerLimits, len(e.To), u.Recipients)
	case u.Messages > 0 && u.messages >= u.Messages:
		return spent(fmt.Errorf("%w: one message more (MAILMAX=%d)", ErrServerLimits, u.Messages))
	}
	return u.permitDomains(e)
}

func (u *usage) permitDomains(e *Envelope) error {
	if u.Domains == 0 {
		return nil
	}
	own, others := map[string]bool{}, 0
	for _, to := range e.To {
		d := strings.ToLower(transaction.Domain(to))
		if !own[d] && !u.domains[d] {
			others++
		}
		own[d] = true
	}
	all := len(u.domains) + others
	if all <= u.Domains {
		return nil
	}
	err := fmt.Errorf("%w: recipients of %d domains (RCPTDOMAINMAX=%d)", ErrServerLimits, all, u.Domains)
	if len(own) <= u.Domains {
		return spent(err)
	}
	return err
}

// use counts an envelope that is about to be said.
func (u *usage) use(e *Envelope) {
	u.messages++
	if u.Domains == 0 {
		return
	}
	if u.domains == nil {
		u.domains = map[string]bool{}
	}
	for _, to := range e.To {
		u.domains[strings.ToLower(transaction.Domain(to))] = true
	}
}

// spent marks an error that the message would not meet in a new session.
func spent(err error) error { return &obstacle{err, PhaseConfig, true} }
