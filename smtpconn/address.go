package smtpconn

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"github.com/mailconn/mailconn/internal/line/smtp/transaction"
)

// ErrAddress says that an address cannot stand in a command: it is too long, not
// UTF-8, or has a control, blank or angle bracket where only quotes would permit
// one (and controls not even there). [NewEnvelope] takes addresses as they stand
// in a header.
var ErrAddress = errors.New("smtpconn: not an address that a command can hold")

func checkAddress(s string) error {
	if !transaction.IsPath(s) {
		shown := s[:min(len(s), transaction.MaxPath)]
		if a, err := mail.ParseAddress(s); err == nil && strings.HasSuffix(s, ">") && transaction.IsPath(path(a)) {
			return fmt.Errorf("%w: %q: NewEnvelope takes what stands in a header, as net/mail parses it", ErrAddress, shown)
		}
		return fmt.Errorf("%w: %q", ErrAddress, shown)
	}
	return nil
}

// path returns an address as it stands in a command. net/mail takes the quotes off
// a local part when it parses one, and puts them on when it writes one.
func path(a *mail.Address) string {
	if a == nil || a.Address == "" {
		return ""
	}
	written := (&mail.Address{Address: a.Address}).String() // "<ann@example.org>"
	return strings.TrimSuffix(strings.TrimPrefix(written, "<"), ">")
}
