package auth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
)

// Kind says why an authentication failed, the same in all protocols. It is in
// the chain of an [*Error], so that errors.Is(err, KindCredentials) works.
type Kind string

// Error returns the kind in words.
func (k Kind) Error() string { return string(k) }

// The kinds of an [*Error].
const (
	KindCredentials Kind = "bad credentials"              // ask for new ones
	KindTemporary   Kind = "temporary failure"            // try again later
	KindInUse       Kind = "mailbox in use or locked"     // the credentials may be right
	KindExpired     Kind = "credentials expired"          // the password must be changed
	KindMechanism   Kind = "no acceptable mechanism"      // the server takes none of ours, or refused it as such
	KindTLSRequired Kind = "server wants TLS first"       // raise the policy
	KindProtocol    Kind = "server broke the exchange"    // a challenge that cannot be answered
	KindCancelled   Kind = "credentials could not be had" // the caller's source failed
	KindRefused     Kind = "server refused"               // and did not say why, or says to ask its administrator

	// KindChannelBinding: the server, or an attacker in the middle, would not have
	// a login that is bound to this connection, and a login without is not
	// wanted.
	KindChannelBinding Kind = "channel binding failed"
	// KindServerProof: the server accepted the login and could not show that
	// it knows the password. It is not the server, or a broken one.
	KindServerProof Kind = "server failed to prove itself"
)

// Error is an authentication that failed.
type Error struct {
	Kind      Kind     // what to do about it
	Guessed   bool     // the server did not say why: Kind is the likeliest
	Mechanism string   // the one tried last, "" if none was
	Reply     string   // the server's words, made printable
	Offered   []string // what the server takes, when no mechanism was acceptable
	// Acceptable is what the caller's credentials could have used, when the
	// server offered nothing of it.
	Acceptable []string
	Err        error // what caused it, if not the server's words; a [*TokenError] for a token
}

// Error returns kind, mechanism and the server's words, at most 512 bytes of
// printable text. It never holds a secret.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Kind))
	if e.Mechanism != "" {
		fmt.Fprintf(&b, " (%s)", e.Mechanism)
	}
	if e.Reply != "" {
		fmt.Fprintf(&b, ": %q", e.Reply)
	}
	if e.Kind == KindMechanism && len(e.Offered) > 0 {
		fmt.Fprintf(&b, ": server offers %s", strings.Join(e.Offered, " "))
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

// Temporary reports whether the same credentials may be accepted later.
func (e *Error) Temporary() bool { return e.Kind == KindTemporary || e.Kind == KindInUse }

// Hint returns one sentence for a person.
func (e *Error) Hint() string {
	switch e.Kind {
	case KindCredentials:
		if wire.AsksForCertificate(e.Reply) {
			return "The server wants a client certificate, or does not accept the one it got: set one up in this program."
		}
		return "The server does not accept this user and password: check both; some providers want a password made for this program."
	case KindTemporary:
		return "The server cannot check passwords right now: try again later."
	case KindInUse:
		return "The mailbox is in use by another program: try again later."
	case KindExpired:
		return "The password has expired: change it with the provider."
	case KindMechanism:
		if slices.Equal(e.Offered, []string{"EXTERNAL"}) {
			return "The server takes nothing but a client certificate."
		}
		return "The server offers no way to log in that this program accepts."
	case KindProtocol:
		return "The server broke off the login in a way that no server should: it may be broken, or not the one it seems to be."
	case KindTLSRequired:
		return "The server only takes passwords over TLS: use TLS."
	case KindChannelBinding:
		return "The login could not be tied to this connection: the server is set up badly, or an attacker sits between."
	case KindServerProof:
		return "The server could not show that it knows the password: another may be posing as the server."
	}
	return ""
}
