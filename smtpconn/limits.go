package smtpconn

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
)

// ErrLimit says that a message, or one more of them in this session, is beyond
// what the server lists in LIMITS (RFC 9422). It was not sent.
var ErrLimit = errors.New("beyond the server's LIMITS")

// Limits are what a server lists in LIMITS (RFC 9422); 0 is no limit. Send and
// Stream keep to them, and count what they have sent themselves.
type Limits struct {
	Messages   int // MAILMAX: in a session, refused ones too
	Recipients int // RCPTMAX: of a message, refused ones too
	Domains    int // RCPTDOMAINMAX: different ones of recipients, in a session
}

// newLimits reads LIMITS. What is unknown or malformed is ignored, as the RFC
// wants.
func newLimits(caps []string) (l Limits) {
	list, _ := wire.Params(caps, "LIMITS")
	for _, word := range wire.Words(list) {
		name, value, _ := strings.Cut(word, "=")
		n, err := strconv.ParseUint(value, 10, 20) // up to six digits
		if err != nil || value[0] == '0' || len(value) > 6 {
			continue
		}
		switch wire.Upper(name) {
		case "MAILMAX":
			l.Messages = int(n)
		case "RCPTMAX":
			l.Recipients = int(n)
		case "RCPTDOMAINMAX":
			l.Domains = int(n)
		}
	}
	return l
}

// usage is what a session has used of its limits. The wrapped client's own
// commands are not counted.
type usage struct {
	Limits
	messages int
	domains  map[string]bool // kept where they are limited
}

// permit returns an error if an envelope would go beyond a limit. More
// recipients than RCPTMAX are not split: a receipt is about one transaction.
func (u *usage) permit(e *Envelope) error {
	switch {
	case u.Recipients > 0 && len(e.To) > u.Recipients:
		return fmt.Errorf("%d recipients: %w (RCPTMAX=%d)", len(e.To), ErrLimit, u.Recipients)
	case u.Messages > 0 && u.messages >= u.Messages:
		return &spentError{fmt.Errorf("one message more: %w (MAILMAX=%d)", ErrLimit, u.Messages)}
	}
	return u.permitDomains(e)
}

func (u *usage) permitDomains(e *Envelope) error {
	if u.Domains == 0 {
		return nil
	}
	own, others := map[string]bool{}, 0
	for _, to := range e.To {
		if d := domain(to); !own[d] {
			own[d] = true
			others += boolInt(!u.domains[d])
		}
	}
	all := len(u.domains) + others
	if all <= u.Domains {
		return nil
	}
	err := fmt.Errorf("recipients of %d domains: %w (RCPTDOMAINMAX=%d)", all, ErrLimit, u.Domains)
	if len(own) <= u.Domains {
		return &spentError{err}
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
		u.domains[domain(to)] = true
	}
}

func domain(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}

// spentError is one that another session would not have.
type spentError struct{ error }

func (e *spentError) Unwrap() error { return e.error }
