// Package upgrade takes a raw connection to what its policy wants, or to an
// error: greeting, capability discovery, STARTTLS or STLS, the TLS handshake.
// What to do is decided in [Decide] alone; how it is said is the business of the
// protocol's [line.Dialect].
package upgrade

import "github.com/mailconn/mailconn/policy"

// Event is what has just been learned about a connection.
type Event uint8

const (
	Connected       Event = iota // nothing was said yet
	Secured                      // the TLS handshake is complete
	Greeted                      // the server's greeting asks us to go on
	Preauth                      // IMAP's PREAUTH greeting
	Offered                      // the capabilities list the upgrade
	NotOffered                   // a well-formed list without it
	NoList                       // the server does not know lists
	ListRefused                  // the server refused to list its capabilities
	Accepted                     // the server told us to begin TLS
	RefusedListed                // it refused, though its list offers the upgrade
	RefusedUnlisted              // it refused, and its list does not offer it
	RefusedUnknown               // it refused, and its list could not be had
	numEvents
)

// Action is what to do next.
type Action uint8

const (
	Fail             Action = iota // end with the reason
	Greet                          // read the greeting
	Ask                            // ask for the capabilities
	Demand                         // send STARTTLS or STLS
	Handshake                      // begin TLS
	Settle                         // hand the connection over as it is
	SettleInTheClear               // the same, as a downgrade that must be seen
)

// Past is what is remembered of a server. It only ever tightens a decision.
type Past uint8

const (
	Unknown    Past = iota // nothing
	HadTLS                 // it had TLS in a verified session
	Unreadable             // it may have had: the memory could not be asked
)

// Decide says what a policy does about an event. If the action is Fail, the
// error is the reason of the violation. It is the whole of the policy: nothing
// else in this module chooses between TLS and the clear.
//
// listFirst says that in the protocol the client has to ask for the capabilities
// before it demands the upgrade.
func Decide(p policy.Policy, listFirst bool, past Past, e Event) (Action, error) {
	switch p {
	case policy.NoTLS:
		return decideNoTLS(e)
	case policy.ImplicitTLS:
		return decideImplicit(e)
	case policy.OpportunisticSTARTTLS:
		return decideByPast(listFirst, past, e)
	case policy.RequiredSTARTTLS:
		return decideRequired(listFirst, e)
	}
	return Fail, policy.ErrUnset
}

func decideNoTLS(e Event) (Action, error) {
	switch e {
	case Connected:
		return Greet, nil
	case Greeted, Preauth:
		return Settle, nil
	}
	return Fail, policy.ErrMalformed
}

func decideImplicit(e Event) (Action, error) {
	switch e {
	case Connected:
		return Handshake, nil
	case Secured:
		return Greet, nil
	case Greeted, Preauth:
		return Settle, nil
	}
	return Fail, policy.ErrMalformed
}

// decideByPast keeps an opportunistic policy from the clear where the server's
// past speaks against it: a server that had TLS is treated as under
// RequiredSTARTTLS (RFC 3207 §6).
func decideByPast(listFirst bool, past Past, e Event) (Action, error) {
	if past == HadTLS {
		action, reason := decideRequired(listFirst, e)
		if reason == policy.ErrNotOffered {
			reason = policy.ErrRemembered
		}
		return action, reason
	}
	action, reason := decideOpportunistic(e)
	if action == SettleInTheClear && past != Unknown {
		return Fail, policy.ErrMemory
	}
	return action, reason
}

func decideOpportunistic(e Event) (Action, error) {
	switch e {
	case Greeted:
		return Ask, nil
	case Offered:
		return Demand, nil
	case NotOffered, NoList:
		return SettleInTheClear, nil
	}
	return decideSTARTTLS(e)
}

// decideRequired demands the upgrade without asking whether it is offered: the
// answer could be forged.
func decideRequired(listFirst bool, e Event) (Action, error) {
	switch {
	case e == Greeted && listFirst:
		return Ask, nil
	case e == Greeted, e == Offered, e == NotOffered:
		return Demand, nil
	case e == NoList:
		return Fail, policy.ErrNotOffered
	}
	return decideSTARTTLS(e)
}

// decideSTARTTLS is what both STARTTLS policies have in common.
func decideSTARTTLS(e Event) (Action, error) {
	switch e {
	case Connected:
		return Greet, nil
	case Preauth:
		return Fail, policy.ErrPreauth
	case Accepted:
		return Handshake, nil
	case Secured:
		return Settle, nil
	case RefusedUnlisted:
		return Fail, policy.ErrNotOffered
	case ListRefused, RefusedListed, RefusedUnknown:
		return Fail, policy.ErrRefused
	}
	return Fail, policy.ErrMalformed
}
