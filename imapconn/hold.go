package imapconn

import (
	"fmt"

	"github.com/mailconn/mailconn/internal/line/imap/response"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// hold counts what the client, or a program that collects it, may hold of the answers to
// a command, as an estimate in bytes. s.mu is held.
func (s *stream) hold(k response.Kind, n int) error {
	const each = 200 // what a value takes with its maps, slices and pointers
	switch k {
	case response.Thread:
		n *= 16
	case response.Expunge:
		n = 8
	case response.List, response.Status, response.Metadata, response.Enabled, response.Search, response.Sort, response.Quota:
		n += each
	default:
		return nil
	}
	if s.pending.due() == nil {
		return nil // nothing is kept of it
	}
	if k == response.List || k == response.Expunge {
		s.pending.delivering = s.pending.first(func(c *command) bool { return c.name == k.Word() })
	}
	if most := 8 * s.limits.Line; s.kept+n > most {
		return exceeded("answers to a command that take more than %d bytes", most)
	}
	s.kept += n
	return nil
}

// exceeded returns the violation of a limit.
func exceeded(format string, args ...any) error {
	v := wire.Violation(policy.ErrLimit, "")
	v.Err = fmt.Errorf(format, args...)
	return v
}
