package peers

import (
	"crypto/tls"
	"fmt"
)

// Known is what a [Store] holds of a server. It is in the chain of the
// errors that come of it, with the reasons policy.ErrRemembered,
// policy.ErrVersionLowered and policy.ErrAuthLowered, and of those that are worse
// for it, with policy.ErrNotOffered. In the Downgrade of a connection it is a
// record that has expired, and so did not decide.
type Known struct {
	Peer    Peer   // the server
	Record  Record // what is remembered of it
	Expired bool   // the record no longer holds the server to anything
}

// Error returns when and how TLS was last seen.
func (r *Known) Error() string {
	s := fmt.Sprintf("last seen on %s with %s (%v)", r.Record.LastSeen.Format(day), tls.VersionName(r.Record.Version), r.Record.Policy)
	if r.Expired {
		s += ", which expired on " + r.Record.Expires().Format(day)
	}
	return s
}

// day is how a date is written for a person.
const day = "2 January 2006"
