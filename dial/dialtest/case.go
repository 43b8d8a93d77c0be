package dialtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/policy"
)

// Case is one way in which a mail server, or an attacker between it and the client,
// misbehaves. In the few cases of class "honest" the server does not. A Case may be used
// from several goroutines at once.
type Case struct {
	// Name begins with the case's class: "strip-smtp-ehlo". The cases of a family have
	// the same name up to a slash.
	Name string
	// About says what the attacker does, in a sentence or two.
	About string
	// Protocol is the protocol of the server. All cases for SMTP have policy.Submission,
	// since programs log in only there.
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

// Class returns the first word of the case's name, which says what kind of attack or fault
// it is.
func (c *Case) Class() string {
	class, _, _ := strings.Cut(c.Name, "-")
	return class
}

// Policies returns the policies under which the case can be played, the weakest first. An
// attack on STARTTLS, for example, cannot be played where TLS comes first.
func (c *Case) Policies() []policy.Policy {
	return slices.DeleteFunc(script.Policies(), func(p policy.Policy) bool {
		_, ok := c.script.Expect[p]
		return !ok
	})
}

// verdict says how a case must end.
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

// MustFail reports whether connecting or logging in with policy p must return an error.
func (c *Case) MustFail(p policy.Policy) bool { return c.verdict(p) == mustFail }

// Outcome says how the case must end for a client with policy p, as in "must fail: the
// server does not offer STARTTLS". In every case credentials must not be sent in the clear.
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
