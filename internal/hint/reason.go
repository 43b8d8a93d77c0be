package hint

import (
	"errors"
	"fmt"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/protocols"
	"github.com/mailconn/mailconn/internal/upgrade"
	"github.com/mailconn/mailconn/policy"
)

// reasons returns a row for each reason of a violation.
func reasons() []Row {
	return []Row{
		{
			Name:  "policy.ErrUnset",
			Means: "the policy was not set, which is found before any I/O",
			Do:    "Choose implicit-tls, or required-starttls for a server without a TLS port.",
			hint: on(policy.ErrUnset, func(*Failure, *policy.Violation) string {
				return "It was not said how to protect the connection: choose implicit-tls, or required-starttls for servers without a TLS port."
			}),
		}, {
			Name: "policy.ErrNotOffered",
			Means: "TLS was demanded, and the server neither lists the upgrade nor does it; as the reason of a visible downgrade " +
				"it says why an opportunistic connection stayed in the clear",
			Do:   "Try implicit TLS. If the server had STARTTLS before, an attacker may be hiding it: do not trust the network.",
			hint: on(policy.ErrNotOffered, notOffered),
		}, {
			Name:  "policy.ErrRefused",
			Means: "the server turned the client away in its greeting, or would not do the upgrade that it lists",
			Do:    "Violation.Reply has the server's words. If Temporary reports true, try later.",
			hint:  on(policy.ErrRefused, refused),
		}, {
			Name:  "policy.ErrPreauth",
			Means: "an IMAP server greeted with PREAUTH where the client must upgrade or log in first (RFC 9051 §7.1.4)",
			Do:    "Do not trust the network: no honest server keeps a client from TLS that way.",
			hint: on(policy.ErrPreauth, func(*Failure, *policy.Violation) string {
				return "The server, or an attacker in between, says that no login is needed, which would keep TLS off: do not trust this network."
			}),
		}, {
			Name: "policy.ErrInjected",
			Means: "bytes arrived where an honest server sends none: after the line that begins the upgrade, or before the " +
				"command that they answer",
			Do: "Do not trust the network.",
			hint: on(policy.ErrInjected, func(*Failure, *policy.Violation) string {
				return "An attacker between here and the server adds replies to the connection, or the server is broken: do not trust this network."
			}),
		}, {
			Name:  "policy.ErrNotTLS",
			Means: "the server spoke in the clear where TLS must begin with the first byte",
			Do:    "The policy and the port do not fit: the hint names the URL that does.",
			hint:  on(policy.ErrNotTLS, clearSpeech),
		}, {
			Name:  "policy.ErrCleartextAuth",
			Means: "credentials would have crossed a connection without TLS",
			Do:    "Choose a policy with TLS. Options named Insecure are for test beds.",
			hint: on(policy.ErrCleartextAuth, func(f *Failure, _ *policy.Violation) string {
				return fmt.Sprintf("Without TLS the password would be readable on the way: use %s.", f.usual(policy.ImplicitTLS))
			}),
		}, {
			Name:  "policy.ErrUnverifiedAuth",
			Means: "credentials would have gone to a server whose certificate was not verified",
			Do:    "Let the TLSConfig verify. Options named Insecure are for test beds.",
			hint: on(policy.ErrUnverifiedAuth, func(*Failure, *policy.Violation) string {
				return "The server's certificate was not checked, so an attacker could be at the other end: switch verification on, and let this program trust the server's own CA if it has one."
			}),
		}, {
			Name:  "policy.ErrMalformed",
			Means: "an answer is not of the protocol",
			Do:    "In phase greeting it is often another protocol, or TLS, on the port. In other phases the server is broken, or an attacker is in between.",
			hint:  on(policy.ErrMalformed, malformed),
		}, {
			Name:  "policy.ErrLimit",
			Means: "an answer is longer than any honest server sends",
			Do:    "Do not trust the server, or the network.",
			hint: on(policy.ErrLimit, func(f *Failure, _ *policy.Violation) string {
				return fmt.Sprintf("%s sends more than any mail server does: check host and port, and do not trust it.", f.Server)
			}),
		}, {
			Name:  "policy.ErrVetoed",
			Means: "the caller's OnDowngrade refused a connection in the clear",
			Do:    "The error of OnDowngrade is in the chain.",
			hint: on(policy.ErrVetoed, func(f *Failure, _ *policy.Violation) string {
				return fmt.Sprintf("The server offers no TLS on this port, and this program does not go on without: try %s.", f.usual(policy.ImplicitTLS))
			}),
		}, {
			Name:  "policy.ErrRemembered",
			Means: "under OpportunisticSTARTTLS, a server that is remembered with TLS offers none now (RFC 3207 §6)",
			Do:    "If the operator of the server says that it has given TLS up, forget the server in the store. Otherwise do not trust the network.",
			hint: on(policy.ErrRemembered, func(*Failure, *policy.Violation) string {
				return "This server had TLS before and offers none here: an attacker between here and it may be removing the offer, so do not trust this network; if the operator of the server says that it has given up TLS, let this program forget the server."
			}),
		}, {
			Name: "policy.ErrMemory",
			Means: "under OpportunisticSTARTTLS, a server offers no TLS, and the Dialer's Peers could not tell whether it had TLS " +
				"before",
			Do: "The cause is in the chain: repair the store.",
			hint: on(policy.ErrMemory, func(*Failure, *policy.Violation) string {
				return "The server offers no TLS here, and the store that would know whether it had TLS before cannot be read: repair the store, or try another network."
			}),
		}, {
			Name:  "policy.ErrVersionLowered",
			Means: "the TLS version is below the highest that the server is remembered with",
			Do:    "The Dialer's PeerRules forbid that. Ask the operator of the server.",
			hint: on(policy.ErrVersionLowered, func(*Failure, *policy.Violation) string {
				return "The server's TLS is older than it was before: an attacker may be standing in for it; ask the operator of the server."
			}),
		}, {
			Name: "policy.ErrAuthLowered",
			Means: "the server is remembered with a mechanism that keeps the password from it, and only takes the password itself " +
				"now",
			Do: "The Dialer's PeerRules forbid that. Ask the operator of the server.",
			hint: on(policy.ErrAuthLowered, func(*Failure, *policy.Violation) string {
				return "The server used to check the password without being shown it, and now wants to see it: an attacker may be standing in for it; ask the operator of the server."
			}),
		}, {
			Name: "policy.ErrPinMismatch",
			Means: "the server's key is not one that was pinned for the endpoint, and its certificate does not verify, or may not " +
				"replace the pin",
			Do: "Ask the operator of the server, and not over this connection.",
			hint: on(policy.ErrPinMismatch, func(*Failure, *policy.Violation) string {
				return "The server's key is not the one that was accepted when the account was set up: ask the operator of the server, by another way than this connection, whether the key was changed."
			}),
		},
	}
}

// on returns a hint for violations with a reason.
func on(reason error, say func(*Failure, *policy.Violation) string) func(*Failure) string {
	return func(f *Failure) string {
		if v := f.violation(); v.Reason == reason {
			return say(f, v)
		}
		return ""
	}
}

func notOffered(f *Failure, v *policy.Violation) string {
	if errors.Is(v, upgrade.ErrMasked) {
		return "A firewall on the way crosses out the server's STARTTLS keyword (ESMTP inspection): have it switched off, or use the implicit TLS port."
	}
	return fmt.Sprintf("The server, or something between here and it, does not offer TLS on this port: try %s; if it offered TLS before, an attacker may be removing the offer.", f.usual(policy.ImplicitTLS))
}

func refused(f *Failure, v *policy.Violation) string {
	switch {
	case errors.Is(v, line.ErrClientName):
		return "The server does not accept the name this client calls itself: set LocalName to a full host name of this computer."
	case v.Temporary():
		return "The server refuses for the moment, and its words say why: try again later" + maybeName(f)
	case f.Phase == upgrade.PhaseSTARTTLS:
		return fmt.Sprintf("The server offers TLS and then refuses it: its TLS set-up may be broken; %s may work.", f.usual(policy.ImplicitTLS))
	}
	return "The server turns this client away: its words say why" + maybeName(f)
}

// maybeName ends a hint. Where the client has just said its name, that may be the
// reason of a refusal.
func maybeName(f *Failure) string {
	if f.Phase == upgrade.PhaseCapability && protocols.Of(f.Protocol).ListFirst {
		return "; if that lasts, it may not like the name this client calls itself, which LocalName sets."
	}
	return "."
}
