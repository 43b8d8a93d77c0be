// Package upgrade brings a raw connection to the state that its policy demands, or
// fails: greeting, capability discovery, STARTTLS or STLS, and the TLS handshake.
// [Decide] alone decides what to do. The protocol's [line.Dialect] does it.
package upgrade

import "github.com/mailconn/mailconn/policy"

// Event is what was just learned about a connection.
type Event uint8

const (
	Connected       Event = iota // nothing was sent or received yet
	Secured                      // the TLS handshake is complete
	Greeted                      // the server sent a greeting that lets the client go on
	Preauth                      // the server sent an IMAP PREAUTH greeting
	Offered                      // the server lists the upgrade
	NotOffered                   // the server sent a well-formed list without the upgrade
	NoList                       // the server does not know the command for the list
	ListRefused                  // the server refused to list its capabilities
	Accepted                     // the server accepted the upgrade
	RefusedListed                // the server refused the upgrade, but lists it
	RefusedUnlisted              // the server refused the upgrade, and does not list it
	RefusedUnknown               // the server refused the upgrade, and its list is not known
	numEvents
)

// Action is what to do next.
type Action uint8

const (
	Fail             Action = iota // fail with the reason
	Greet                          // read the greeting
	Ask                            // ask for the capabilities
	Demand                         // send STARTTLS or STLS
	Handshake                      // run the TLS handshake
	Settle                         // finish: the connection is as the policy demands
	SettleInTheClear               // finish in the clear, as a downgrade that is reported
)

// Past is what is remembered of a server. It only makes decisions stricter.
type Past uint8

const (
	Unknown    Past = iota // nothing is remembered
	HadTLS                 // the server had TLS in a verified session
	Unreadable             // the store failed: the server may have had TLS
)

// Decide returns what a policy does on an event. If the action is Fail, the error is
// the reason of the violation. Nothing else in this module chooses between TLS and a
// connection in the clear.
//
// listFirst is set for a protocol whose client must ask for the capabilities before
// it demands the upgrade.
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

// decideByPast decides for OpportunisticSTARTTLS. A server that had TLS before is
// treated as under RequiredSTARTTLS (RFC 3207 §6), and no connection stays in the
// clear if the store failed.
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

// decideRequired demands the upgrade whether or not it is offered, since the list
// could be forged.
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

// decideSTARTTLS has the decisions that both STARTTLS policies share.
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
