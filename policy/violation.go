package policy

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The reasons of a [Violation], to be matched with errors.Is.
var (
	// ErrUnset: the policy was not set. A mistake of the caller, found before
	// any I/O.
	ErrUnset = errors.New("policy not set")
	// ErrNotOffered: TLS was demanded and the server neither lists the upgrade
	// nor does it. As the reason of a visible downgrade it says why an
	// opportunistic connection stayed in the clear.
	ErrNotOffered = errors.New("server does not offer STARTTLS")
	// ErrRefused: the server turned the connection away in its greeting, or
	// would not do the upgrade it offers. See [Violation.Temporary].
	ErrRefused = errors.New("server refused")
	// ErrPreauth: an IMAP server greeted with PREAUTH where the client must
	// upgrade or log in first (RFC 9051 §7.1.4).
	ErrPreauth = errors.New("server says the connection is already authenticated")
	// ErrInjected: bytes arrived where an honest server sends none: behind the
	// line that begins the upgrade, or before the command they answer.
	ErrInjected = errors.New("server says what nobody asked for: someone may be injecting replies")
	// ErrNotTLS: clear speech where TLS must begin with the first byte.
	ErrNotTLS = errors.New("server does not speak TLS on this port")
	// ErrCleartextAuth: credentials would have crossed a connection without
	// TLS.
	ErrCleartextAuth = errors.New("refusing to send credentials in the clear")
	// ErrUnverifiedAuth: credentials would have gone to a peer whose
	// certificate was not verified.
	ErrUnverifiedAuth = errors.New("refusing to send credentials to an unverified server")
	// ErrMalformed: an answer that is not of the protocol.
	ErrMalformed = errors.New("malformed answer from server")
	// ErrLimit: an answer longer than any honest server sends.
	ErrLimit = errors.New("answer from server exceeds limit")
	// ErrVetoed: the caller's OnDowngrade refused a connection in the clear.
	ErrVetoed = errors.New("connection in the clear vetoed")
	// ErrRemembered: under OpportunisticSTARTTLS, a server that is remembered
	// with TLS offers none now (RFC 3207 §6).
	ErrRemembered = errors.New("server had TLS before and offers none now")
	// ErrMemory: under OpportunisticSTARTTLS, a server offers no TLS, and it
	// could not be found out whether it is remembered with it.
	ErrMemory = errors.New("server offers no TLS, and whether it had it before cannot be told")
	// ErrVersionLowered: the TLS version is below the highest that the server
	// is remembered with.
	ErrVersionLowered = errors.New("server's TLS version is lower than it was before")
	// ErrAuthLowered: the server is remembered with a mechanism that keeps the
	// password to itself, and only takes it readable now.
	ErrAuthLowered = errors.New("server took SCRAM before and asks for the password itself now")
	// ErrPinMismatch: the certificate does not verify, and its key is not the
	// one that was pinned for the endpoint.
	ErrPinMismatch = errors.New("server's key is not the one that was pinned")
)

// A Violation is a rule that was not kept: the policy in force, and what
// happened instead. errors.Is finds its Reason and errors.As whatever caused
// it.
type Violation struct {
	Policy   Policy   // what was asked for
	Protocol Protocol // of the server
	// Reason is one of the sentinels of this package.
	Reason error
	// Reply holds the server's words, if any: unauthenticated text, made
	// printable and at most 512 bytes long.
	Reply string
	// Err is what caused the violation or describes it further; it may be nil.
	Err error
}

// maxText bounds the text of a Violation in bytes.
const maxText = 512

// Error returns the reason, the server's words in quotes, and the cause:
// printable, and at most 512 bytes.
func (v *Violation) Error() string {
	var b strings.Builder
	if v.Reason != nil {
		b.WriteString(v.Reason.Error())
	} else {
		b.WriteString("policy violated")
	}
	if v.Reply != "" {
		b.WriteString(" (")
		b.WriteString(strconv.Quote(v.Reply)) // escapes whatever a foreign hand put there
		b.WriteString(")")
	}
	if v.Err != nil {
		b.WriteString(": ")
		b.WriteString(v.Err.Error())
	}
	return clip(strings.Map(printable, b.String()), maxText)
}

// printable replaces what must not reach a terminal or a log.
func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return utf8.RuneError
}

// Unwrap returns the reason and the cause.
func (v *Violation) Unwrap() []error {
	var errs []error
	if v.Reason != nil {
		errs = append(errs, v.Reason)
	}
	if v.Err != nil {
		errs = append(errs, v.Err)
	}
	return errs
}

// Temporary reports whether the server said that the refusal will pass: an
// SMTP reply 4yz, an IMAP response code UNAVAILABLE, INUSE or LIMIT, a POP3
// response code SYS/TEMP, IN-USE or LOGIN-DELAY (RFC 2449 §8, RFC 3206 §4).
func (v *Violation) Temporary() bool {
	if v.Reason != ErrRefused && v.Reason != ErrNotOffered {
		return false
	}
	switch v.Protocol {
	case Submission, SMTP:
		return strings.HasPrefix(v.Reply, "4")
	case IMAP:
		return hasCode(v.Reply, "UNAVAILABLE", "INUSE", "LIMIT")
	case POP3:
		return hasCode(v.Reply, "SYS/TEMP", "IN-USE", "LOGIN-DELAY")
	}
	return false
}

// hasCode reports whether reply carries one of the response codes, as the
// second word and in brackets.
func hasCode(reply string, codes ...string) bool {
	_, rest, _ := strings.Cut(reply, " ")
	inside, _, ok := strings.Cut(strings.TrimPrefix(rest, "["), "]")
	if !ok || !strings.HasPrefix(rest, "[") {
		return false
	}
	name, _, _ := strings.Cut(inside, " ")
	for _, c := range codes {
		if strings.EqualFold(name, c) {
			return true
		}
	}
	return false
}

// clip cuts s to at most max bytes, at a rune's edge.
func clip(s string, max int) string {
	if len(s) <= max {
		return s
	}
	const dots = "..."
	s = s[:max-len(dots)]
	for len(s) > 0 {
		if r, n := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || n > 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s + dots
}
