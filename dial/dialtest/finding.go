package dialtest

import (
	"fmt"
	"strings"

	"github.com/mailconn/mailconn/dial/dialtest/internal/play"
	"github.com/mailconn/mailconn/policy"
)

// Kind is what a program did wrong.
type Kind string

const (
	// Leak is a user name or password that was sent in the clear, as it is or
	// in base64, whatever the policy.
	Leak Kind = "leak"
	// Accepted is a nil error where connecting must fail, or for a connection without
	// TLS that the policy does not permit.
	Accepted Kind = "accepted"
	// Hang is a [Connect] that has not returned within TryOptions.Grace after its
	// deadline.
	Hang Kind = "hang"
	// RefusedHonest is an error where the server did nothing wrong.
	RefusedHonest Kind = "refused honest"
	// SaidTooMuch is a command that was sent in the clear and should not have
	// been; see [Report.Forbidden].
	SaidTooMuch Kind = "said more than allowed"
	// NoLogin is a nil error with an honest server that got no password. A program that
	// does not log in has not been tested.
	NoLogin Kind = "no login"
)

// Finding is one thing that a program did wrong with one server.
type Finding struct {
	Case   *Case         // what the server did
	Policy policy.Policy // of the endpoint that the program was given
	Kind   Kind          // what is wrong
	// Text says what happened, in one line.
	Text string
	// Transcript has what both sides sent; see [Report].
	Transcript []string
}

// String returns the finding in one line, without the transcript.
func (f Finding) String() string {
	return fmt.Sprintf("%s, %v: %s: %s", f.Case.Name, f.Policy, f.Kind, f.Text)
}

// find adds a finding.
func (t *try) find(k Kind, format string, args ...any) {
	t.findings = append(t.findings, Finding{t.c, t.policy, k, fmt.Sprintf(format, args...), t.report.Transcript})
}

// judge compares what was done with what must come of the case.
func (t *try) judge() {
	if leaks := t.report.Leaks(); leaks != nil {
		t.find(Leak, "sent in the clear: %s", strings.Join(leaks, ", "))
	}
	if said := t.report.Forbidden(); said != nil {
		t.find(SaidTooMuch, "sent in the clear: %s", strings.Join(said[:min(len(said), 3)], " | "))
	}
	switch {
	case t.hung:
		t.find(Hang, "had not returned when its deadline was long over")
	case t.err == nil:
		t.judgeSuccess()
	case t.c.verdict(t.policy) == mustSucceed:
		t.find(RefusedHonest, "failed with an honest server: %s", play.Clip(t.err.Error()))
	}
}

func (t *try) judgeSuccess() {
	v := t.c.verdict(t.policy)
	switch {
	case v == mustFail:
		t.find(Accepted, "no error; %s", t.c.Outcome(t.policy))
	case v != mayStayClear && t.report.Handshakes == 0:
		t.find(Accepted, "no error, and no TLS; %s", t.c.Outcome(t.policy))
	case v == mustSucceed && !t.report.LoggedIn():
		t.find(NoLogin, "no error, and %s's password was not sent", CanaryUser)
	}
}
