package stream

import (
	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/imapconn/internal/notice"
	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// hold counts what the client, or a program that collects it, may hold of the answers to
// a command, as an estimate in bytes. s.mu is held.
func (s *Stream) hold(k response.Kind, n int) error {
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
	if s.pending.Due() == nil {
		return nil // nothing is kept of it
	}
	if k == response.List || k == response.Expunge {
		s.pending.Delivering = s.pending.First(func(c *commands.Command) bool { return c.Name == k.Word() })
	}
	if most := 8 * s.Limits.Line; s.kept+n > most {
		return notice.Exceeded("answers to a command that take more than %d bytes", most)
	}
	s.kept += n
	return nil
}
