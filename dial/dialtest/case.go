package dialtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/policy"
)

// Case is one way in which a mail server, or an attacker between it and the
// client, misbehaves. A few, in the class "honest", do not. A Case is only
// read, and may be used from several goroutines at once.
type Case struct {
	// Name begins with the case's class: "strip-smtp-ehlo". Where a case is one
	// of a family, what makes it differ stands behind a slash.
	Name string
	// About says what the attacker does, in a sentence or two.
	About string
	// Protocol is the one that the server speaks. Cases for SMTP are all of
	// policy.Submission, since programs do not log in elsewhere.
	Protocol policy.Protocol

	script *script.Case
}

// Cases returns the catalogue: a new slice of all cases that can be played, by
// protocol and then by name.
func Cases() ([]*Case, error) {
	scripts, err := script.Cases()
	if err != nil {
		return nil, fmt.Errorf("dialtest: %w", err)
	}
	var all []*Case
	for _, s := range scripts {
		if len(s.Expect) > 0 && s.Pending == "" && s.Elsewhere == "" {
			all = append(all, &Case{Name: s.Name, About: s.About, Protocol: s.Protocol, script: s})
		}
	}
	slices.SortStableFunc(all, func(a, b *Case) int {
		return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), strings.Compare(a.Name, b.Name))
	})
	return all, nil
}

// Class returns the first word of the case's name: what kind of thing is done
// to the client.
func (c *Case) Class() string {
	class, _, _ := strings.Cut(c.Name, "-")
	return class
}

// Policies returns those under which the case can be played, the weakest
// first: an attack on STARTTLS, for one, means nothing on a port where TLS
// comes first.
func (c *Case) Policies() []policy.Policy {
	return slices.DeleteFunc(script.Policies(), func(p policy.Policy) bool {
		_, ok := c.script.Expect[p]
		return !ok
	})
}

// verdict is what must come of a case.
type verdict uint8

const (
	mustFail      verdict = iota
	mayStayClear          // fail, or go on without TLS and without credentials
	mustUseTLS            // fail, or log in inside TLS
	mustSucceed           // log in inside TLS: nothing is wrong with the server
	notApplicable         // cannot be played under the policy
)

func (c *Case) verdict(p policy.Policy) verdict {
	dialled, ok := c.script.Expect[p]
	switch {
	case !ok:
		return notApplicable
	case dialled.Result == "plain", dialled.Result == "downgrade":
		return mayStayClear
	case dialled.Result != "tls":
		return mustFail
	}
	switch result := c.script.Session(p).Result; {
	case result == "auth-mechanism": // a client may try one that is not listed
		return mustUseTLS
	case result != "tls":
		return mustFail
	case c.Class() == "honest":
		return mustSucceed
	}
	return mustUseTLS
}

// MustFail reports whether a client with policy p must not come out of the case
// with a session: connecting or logging in has to return an error.
func (c *Case) MustFail(p policy.Policy) bool { return c.verdict(p) == mustFail }

// Outcome says what must come of the case for a client with policy p, as in
// "must fail: the server does not offer STARTTLS". Whatever it is, no
// credentials may be sent in the clear.
func (c *Case) Outcome(p policy.Policy) string {
	switch c.verdict(p) {
	case notApplicable:
		return "cannot be played under this policy"
	case mayStayClear:
		return "may stay in the clear, without credentials"
	case mustUseTLS:
		return "must end in TLS, or fail"
	case mustSucceed:
		return "must end in TLS"
	}
	if o := c.script.Expect[p]; o.Result != "tls" {
		return "must fail: " + reason(o)
	}
	return "must fail: " + reason(c.script.Session(p))
}
