package main

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"io"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

const (
	day        = 24 * time.Hour
	dateFormat = "2 January 2006"
)

// summary is a record on one line.
func summary(r peers.Record, now time.Time) string {
	until := "held until "
	if r.Expired(now) {
		until = "expired on "
	}
	return fmt.Sprintf("%s by %v, %s, seen on %s, %s%s",
		tls.VersionName(r.Version), r.Policy, verified(r), seen(r, now).Format(dateFormat), until, expires(r, now).Format(dateFormat))
}

// seen returns when the last session was. A dial takes one in the future, by a
// clock that was ahead, for one of this moment.
func seen(r peers.Record, now time.Time) time.Time {
	if r.LastSeen.After(now) {
		return now
	}
	return r.LastSeen
}

func expires(r peers.Record, now time.Time) time.Time { return seen(r, now).Add(r.Lifetime) }

func verified(r peers.Record) string {
	if r.Verified == trust.Pinned {
		return "verified by a pinned key"
	}
	return "verified by certificate"
}

// explain says what is known of a server, and what a dial is held to by it.
func explain(w io.Writer, p peers.Peer, r *peers.Record, now time.Time) {
	if r == nil {
		fmt.Fprintf(w, "%v: not remembered\n", p)
	} else {
		fmt.Fprintf(w, "%v: remembered\n\n", p)
		explainRecord(w, *r, now)
	}
	fmt.Fprintf(w, "\nHow a dial to it goes:\n\n")
	row(w, policy.OpportunisticSTARTTLS.String(), opportunistic(r, now))
	row(w, policy.RequiredSTARTTLS.String(), "STARTTLS, or no connection, whatever is remembered")
	row(w, policy.ImplicitTLS.String(), "TLS from the first byte, or no connection, whatever is remembered")
	row(w, policy.NoTLS.String(), "in the clear; what is remembered is not asked for")
	fmt.Fprintf(w, "\nWhat a program may hold it to as well (peers.Rules):\n\n")
	row(w, "HoldVersion", holdVersion(r, now))
	row(w, "HoldAuth", holdAuth(r, now))
}

func explainRecord(w io.Writer, r peers.Record, now time.Time) {
	row(w, "last seen", fmt.Sprintf("%s, with %s by %v", seen(r, now).Format(dateFormat), tls.VersionName(r.Version), r.Policy))
	if r.LastSeen.After(now) {
		row(w, "", fmt.Sprintf("(recorded as %s, by a clock that was ahead)", r.LastSeen.Format(dateFormat)))
	}
	row(w, "first seen", r.FirstSeen.Format(dateFormat))
	row(w, "verified", verified(r))
	row(w, "key", r.Leaf.String())
	row(w, "issuer's key", cmp.Or(r.Issuer.String(), "none: no verified chain"))
	row(w, "mechanisms", cmp.Or(r.Mechanisms.String(), "none: no login so far"))
	if left := expires(r, now).Sub(now); left > 0 {
		row(w, "expires", fmt.Sprintf("%s, in %d days", expires(r, now).Format(dateFormat), left/day))
	} else {
		row(w, "expired", fmt.Sprintf("%s, %d days ago", expires(r, now).Format(dateFormat), -left/day))
	}
}

// opportunistic says what becomes of a policy that takes the clear if a server
// offers nothing better. Nothing else in a dial depends on the memory unless
// the program says so.
func opportunistic(r *peers.Record, now time.Time) string {
	switch {
	case r == nil:
		return "STARTTLS if it is offered, else in the clear"
	case r.Expired(now):
		return "STARTTLS if it is offered, else in the clear: the record has expired, and is only shown (Security().Downgrade)"
	}
	return fmt.Sprintf("STARTTLS is demanded, as under required-starttls, until %s: without it there is no connection (%v)",
		expires(*r, now).Format(dateFormat), policy.ErrRemembered)
}

func holdVersion(r *peers.Record, now time.Time) string {
	if r == nil || r.Expired(now) {
		return "nothing"
	}
	return fmt.Sprintf("%s or later", tls.VersionName(r.Version))
}

func holdAuth(r *peers.Record, now time.Time) string {
	switch {
	case r == nil || r.Expired(now):
		return "nothing"
	case !r.Mechanisms.SCRAM():
		return "nothing: it was not seen to take SCRAM"
	}
	return "it is not shown a password: it took SCRAM"
}

func row(w io.Writer, label, text string) { fmt.Fprintf(w, "  %-24s%s\n", label, text) }
