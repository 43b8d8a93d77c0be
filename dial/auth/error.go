package auth

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
)

// Error is an authentication that failed.
type Error struct {
	Kind Kind // what to do about it
	// Guessed means that the server did not say why it refused, and Kind is the
	// likeliest reason.
	Guessed   bool
	Mechanism string // the one tried last, "" if none was
	// Code is the code that the server gave: the response code of IMAP and POP3, as
	// "AUTHENTICATIONFAILED" and "SYS/TEMP", and the enhanced status code of SMTP,
	// or else its reply code, as "5.7.8" and "535". It is "" without one that is
	// known.
	Code string
	// Reply holds the server's words, made printable and at most 512 bytes long,
	// with "[secret]" in the place of a secret that they repeat. It is "" if the
	// server gave none, and where taking the secret out would betray it, because
	// it is short or an ordinary word.
	Reply string
	// Transient means that a code of the server says that the refusal will pass.
	Transient bool

	Offered []string // what the server takes, when no mechanism was acceptable
	// Acceptable is what the caller's credentials could have used in this
	// protocol, when the server offered nothing of it.
	Acceptable []string
	Err        error // what caused it, if not the server's words; a [*TokenError] for a token

	// Rejected is the secret that the server refused, in the Error that a [Source] is
	// told: other connections may have got another one from it since. It is empty
	// everywhere else.
	Rejected Secret

	advice    string // a hint that the server's words call for
	unread    bool   // as in Answer
	early     bool   // as in Answer
	ambiguous bool   // as in Answer
}

// Error returns kind, mechanism and the server's words, at most 512 bytes of
// printable text. It never holds a secret.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Guessed && e.Kind != KindRefused {
		b.WriteString("probably ")
	}
	b.WriteString(string(e.Kind))
	if e.Mechanism != "" {
		fmt.Fprintf(&b, " (%s)", e.Mechanism)
	}
	if e.Reply != "" {
		fmt.Fprintf(&b, ": %q", e.Reply)
	}
	switch {
	case e.Kind == KindMechanism && len(e.Offered) > 0:
		fmt.Fprintf(&b, ": server offers %s", strings.Join(e.Offered, " "))
	case e.Kind == KindMechanism && e.Mechanism == "":
		b.WriteString(": server offers none")
	}
	if len(e.Acceptable) > 0 {
		fmt.Fprintf(&b, "; acceptable: %s", strings.Join(e.Acceptable, " "))
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return wire.Printable(b.String())
}

// Unwrap returns the kind, and what caused the failure if that was not the
// server's words. It returns nothing if e is nil, as it is when a [Source] is asked
// first: errors.Is and errors.As can be given what a Source is told.
func (e *Error) Unwrap() []error {
	switch {
	case e == nil:
		return nil
	case e.Err == nil:
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// Temporary reports whether the same credentials may be accepted later, or a
// [Source] that failed may have a secret later, as its error says by a method
// Temporary.
func (e *Error) Temporary() bool {
	var source interface{ Temporary() bool }
	return e.Transient || e.Kind.temporary() || errors.As(e.Err, &source) && source.Temporary()
}

// cancelled is the error of credentials that cannot be used.
func cancelled(err error) error { return &Error{Kind: KindCancelled, Err: err} }

func errEarly() error {
	return &Error{Kind: KindProtocol, Err: errors.New("server accepted before it saw credentials")}
}
