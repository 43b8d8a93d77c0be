package peers

import (
	"crypto/tls"
	"fmt"
)

// Known is what a [Store] has of a server. errors.As finds a *Known in the chain of a
// violation with reason policy.ErrRemembered, policy.ErrVersionLowered or
// policy.ErrAuthLowered, which rest on it, and of one with reason
// policy.ErrNotOffered for a server that had TLS before. In the Downgrade of a
// connection it is an expired record, which did not prevent the downgrade.
type Known struct {
	Peer    Peer   // the server
	Record  Record // what the store has of it
	Expired bool   // the record has expired, and no longer binds the server
}

// Error returns when the server was last seen, and with which TLS version.
func (k *Known) Error() string {
	s := fmt.Sprintf("last seen on %s with %s (%v)", k.Record.LastSeen.Format(day), tls.VersionName(k.Record.Version), k.Record.Policy)
	if k.Expired {
		s += ", which expired on " + k.Record.Expires().Format(day)
	}
	return s
}

// day is the layout of a date in a text for people.
const day = "2 January 2006"
