package notice

import (
	"fmt"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Unreadable is the error of data that cannot be read.
func Unreadable(what string, words []byte) error {
	return Malformed(words, fmt.Errorf("imapconn: %s cannot be read", wire.Printable(what)))
}

// Malformed is the violation of data that is not by the book, of which words are the first.
func Malformed(words []byte, err error) error {
	v := wire.Violation(policy.ErrMalformed, string(words[:min(len(words), 100)]))
	v.Protocol = policy.IMAP
	v.Err = err
	return v
}

// unfamiliar is the error of data that go-imap does not know.
func unfamiliar(what string) error {
	return fmt.Errorf("imapconn: %s is not known to go-imap", wire.Printable(what))
}

// Exceeded returns the violation of a limit.
func Exceeded(format string, args ...any) error {
	v := wire.Violation(policy.ErrLimit, "")
	v.Err = fmt.Errorf(format, args...)
	return v
}
