// Package hint says what a person can do about a connection that failed. It is one
// table: what [For] says, what the section Troubleshooting of package dial says, and
// what the reasons of package policy mean come from the same rows.
package hint

import (
	"errors"
	"fmt"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
)

// Row is a kind of failure.
type Row struct {
	Name  string // what errors.Is or errors.As finds, as a program writes it
	Means string // what happened: half a sentence
	Do    string // what a program or a person does about it: sentences

	// hint returns a sentence for a failure of this kind, and "" if f is not one or
	// nothing can be done about it.
	hint func(f *Failure) string
}

// Rows returns the table. What stands first decides.
func Rows() []Row {
	return append(reasons(), causes()...)
}

// For returns one to three sentences for a person, and "" only if nothing failed.
func For(f *Failure) string {
	if f.Err == nil {
		return ""
	}
	s := advice(f)
	if errors.Is(f.Err, line.ErrPipelining) && !wire.OwnEnd(f.Err) {
		s += " If that lasts, the server may not take commands ahead of its replies, although it says so: set NoPipelining."
	}
	return wire.Printable(s)
}

func advice(f *Failure) string {
	var own interface{ Hint() string } // *auth.Error
	if errors.As(f.Err, &own) {
		return own.Hint()
	}
	if s := worsened(f); s != "" {
		return s
	}
	for _, row := range Rows() {
		if s := row.hint(f); s != "" {
			return s
		}
	}
	return fmt.Sprintf("The connection failed in phase %s, and there is no advice for the reason: the error's own text is what the operator of the server needs.", f.Phase)
}
