package oauth

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

// Kind says why a request to an issuer failed. It is in the chain of an [*Error], so
// that errors.Is(err, KindTemporary) works.
type Kind string

// Error returns the kind in words.
func (k Kind) Error() string { return string(k) }

// The kinds of an [*Error], with what a program does about them.
const (
	// KindTemporary: the issuer could not be reached, or cannot answer now. Try
	// again later, after Error.RetryAfter if it is not zero.
	KindTemporary Kind = "issuer is not available"
	// KindConfiguration: the issuer does not accept the program: its client id, its
	// secret, its redirect URI, a scope. The program has to be corrected.
	KindConfiguration Kind = "issuer does not accept the program"
	// KindUnsupported: the issuer has no sign-in with a browser, or none on another
	// device. Try the other.
	KindUnsupported Kind = "issuer has no such sign-in"
	// KindGrant: the issuer does not accept the refresh token, or not without the
	// person. It is always the cause in a [*ConsentError].
	KindGrant Kind = "grant is no longer accepted"
	// KindDenied: a person refused, in the browser or on the device.
	KindDenied Kind = "person refused"
	// KindExpired: no person signed in on a device before its code expired.
	KindExpired Kind = "code has expired"
	// KindIssuer: the issuer's certificate is not valid, or it answered in a way in
	// which no issuer should. It is set up badly, or not the issuer.
	KindIssuer Kind = "issuer broke the protocol"
	// KindStore: the Store failed. What it did not save of a refresh is kept, and is
	// saved before it is used. After a sign-in the person has to sign in again.
	KindStore Kind = "tokens could not be loaded or saved"
)

// Error is a request to an issuer, or to a Store, that failed.
type Error struct {
	Kind Kind // what to do about it
	// Issuer is the identifier of the issuer.
	Issuer string
	// Endpoint is the URL of the request without its query, "" if there was none.
	Endpoint string
	// Status is the status code of HTTP, 0 if there was no answer.
	Status int
	// Code is the issuer's code (RFC 6749 §5.2), made printable, "" without one.
	Code string
	// Description holds the issuer's words, made printable and at most 512 bytes
	// long, without the secrets that they may repeat.
	Description string
	// RetryAfter is how long the issuer asks to wait, or what is left of that time, 0 if
	// it does not say.
	RetryAfter time.Duration
	Err        error // the cause, if that is not the issuer's answer
}

// Error returns kind, issuer and what the issuer said, at most 512 bytes of
// printable text. It never holds a secret.
func (e *Error) Error() string {
	return wire.Printable("oauth: " + e.Issuer + ": " + e.text())
}

// text returns what the error says without the issuer.
func (e *Error) text() string {
	var b strings.Builder
	b.WriteString(string(e.Kind))
	if e.Endpoint != "" {
		fmt.Fprintf(&b, " (%s)", e.Endpoint)
	}
	if e.Code != "" {
		fmt.Fprintf(&b, ": %s", e.Code)
	}
	if e.Description != "" {
		fmt.Fprintf(&b, " (%q)", e.Description)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	} else if e.Code == "" && e.Status != 0 {
		fmt.Fprintf(&b, ": HTTP status %d", e.Status)
	}
	return b.String()
}

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// Temporary reports whether the same call may succeed later without a person.
func (e *Error) Temporary() bool { return e.Kind == KindTemporary || e.Kind == KindStore }

// Hint returns a sentence for a person about what to do.
func (e *Error) Hint() string {
	switch e.Kind {
	case KindTemporary:
		return "The provider's sign-in service cannot be reached or is overloaded: try again later."
	case KindConfiguration:
		return "The provider's sign-in service does not accept this program: its maker has to correct how it is registered."
	case KindUnsupported:
		return "The provider does not offer this way to sign in: use a browser on this computer instead of another device, or the other way round."
	case KindDenied:
		return "The sign-in was refused: sign in again, and allow what the program asks for."
	case KindExpired:
		return "The code was not entered in time: sign in again."
	case KindIssuer:
		return "The provider's sign-in service answered in a way in which it should not: it is set up badly, or something on the way poses as it."
	case KindStore:
		return "The program cannot read or write its file of tokens: look at the disk and at the permissions of the file."
	}
	return hintConsent
}

const hintConsent = "The provider wants you to sign in again for this program."

// ConsentError means that the account has no grant of its user's, or one that the
// issuer no longer accepts. [Account.Browser] or [Account.Device] asks the person
// again; trying again without that does not help.
type ConsentError struct {
	Issuer string
	User   string
	Err    error // why: ErrNoGrant, perhaps wrapped, or an [*Error] of KindGrant
}

// ErrNoGrant means that no person has signed in to the account yet, or that its
// tokens were removed, are damaged, or have expired for good.
var ErrNoGrant = errors.New("no grant")

var errNilContext = errors.New("oauth: nil context")

// Error returns issuer, user and cause. It never holds a secret.
func (e *ConsentError) Error() string {
	why := fmt.Sprint(e.Err)
	if failed, ok := e.Err.(*Error); ok {
		why = failed.text()
	}
	return wire.Printable(fmt.Sprintf("oauth: %q has to sign in at %s: %s", e.User, e.Issuer, why))
}

// Unwrap returns the cause.
func (e *ConsentError) Unwrap() error { return e.Err }

// Temporary returns false.
func (e *ConsentError) Temporary() bool { return false }

// Hint returns a sentence for a person about what to do.
func (e *ConsentError) Hint() string {
	if errors.Is(e.Err, ErrNoGrant) {
		return "The provider wants you to sign in for this program."
	}
	return hintConsent
}

func (a *Account) storeError(err error) error {
	return &Error{Kind: KindStore, Issuer: a.app.Issuer, Err: err}
}

func isTemporary(err error) bool {
	var failed *Error
	return errors.As(err, &failed) && failed.Temporary()
}
