package auth

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"
)

// Hint returns one or two sentences for a person about what to do: those of a
// [Source] that failed, if its error has a method Hint. Where the server's words
// are worth reading, it says so.
func (e *Error) Hint() string {
	var source interface{ Hint() string }
	if errors.As(e.Err, &source) {
		return source.Hint()
	}
	hint := e.advice
	if hint == "" {
		hint = e.hintByKind()
	}
	worthReading := e.advice != "" || e.Guessed || e.unread || e.Kind == KindSecondFactor || e.Kind == KindDisabled || e.Kind == KindNoLogin
	if worthReading && e.Reply != "" && !strings.Contains(hint, "its words") {
		hint += " The server's words say more."
	}
	return hint
}

func (e *Error) hintByKind() string {
	switch e.Kind {
	case KindCredentials:
		return e.blame()
	case KindExpired:
		if e.byToken() {
			return "The token has expired: log in with the provider again."
		}
		return "The password has expired: change it with the provider."
	case KindMechanism:
		return e.mechanismHint()
	case KindCancelled:
		return e.cancelledHint()
	case KindRefused:
		when := ""
		if e.early {
			when = " before it was shown a password or token"
		}
		if e.Reply == "" {
			return "The server refuses the login" + when + " and does not say why: ask its operator."
		}
		return "The server refuses the login" + when + ": its words say why."
	}
	return hints[e.Kind]
}

// hints are those of the kinds that have one hint each.
var hints = map[Kind]string{
	KindSecondFactor:   "The provider wants more than the password: make a password for this program in the account's settings, or log in to the provider's web page first.",
	KindDisabled:       "The provider has closed the account, or not opened it for this kind of program: look in the account's settings, or ask the administrator.",
	KindTemporary:      "The server cannot check passwords right now: try again later.",
	KindLimit:          "The server allows no more connections or logins for now: close other programs that use this account, or try again later.",
	KindInUse:          "The mailbox is in use by another program: try again later.",
	KindNoLogin:        "The server takes no login here: check host and port; for sending mail the ports are 465 and 587.",
	KindTLSRequired:    "The server only takes passwords over TLS: use TLS.",
	KindProtocol:       "The server broke off the login in a way that no server should: it may be broken, or not the one it seems to be.",
	KindServerProof:    "The server could not show that it knows the password: another may be posing as the server.",
	KindChannelBinding: "The login could not be tied to this connection: the server is set up badly, or an attacker sits between.",
}

func (e *Error) byToken() bool {
	return slices.ContainsFunc(tokenMechanisms, func(m *mechanism) bool { return m.name == e.Mechanism })
}

// blame names the credentials that the server does not accept.
func (e *Error) blame() string {
	what, do := "this user and password", "check both; some providers want a password made for this program."
	switch {
	case e.byToken():
		what, do = "the token", "log in with the provider again, as this user."
	case e.Mechanism == sasl.External:
		what, do = "the client certificate", "check that it is the one for this account."
	}
	switch {
	case e.Guessed && e.unread && e.Reply != "":
		return "The server refuses the login, and its words may say why; if they do not, it most likely does not accept " + what + "."
	case e.Guessed && hasWords(e.Reply):
		return "The server refuses the login; most likely it does not accept " + what + ": " + do
	case e.Guessed:
		return "The server refuses the login and does not give a reason; most likely it does not accept " + what + ": " + do
	}
	return "The server does not accept " + what + ": " + do
}

func (e *Error) cancelledHint() string {
	switch {
	case errors.Is(e.Err, context.Canceled):
		return "This program gave the login up itself."
	case errors.Is(e.Err, context.DeadlineExceeded):
		return "This program did not get the password or token in the time that was allowed: the error's own text says what it waited for."
	}
	return "This program could not get a password or token that can be sent: the error's own text says why."
}

func (e *Error) mechanismHint() string {
	switch {
	case e.Reply != "":
		return "The server lists a way to log in and does not take it: its words say why."
	case len(e.Offered) == 0 && e.Mechanism == "":
		return "The server offers no login here: check host and port; for sending mail the ports are 465 and 587."
	case slices.Equal(e.Offered, []string{sasl.External}):
		return "The server takes nothing but a client certificate."
	case e.Err != nil:
		return "This user or password cannot be sent by the ways to log in that the server offers: the error's own text says why."
	}
	return "The server offers no way to log in that this program accepts."
}
