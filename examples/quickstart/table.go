package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/examples/internal/mailserver"
	"github.com/mailconn/mailconn/policy"
)

func policies() []policy.Policy {
	return []policy.Policy{policy.NoTLS, policy.ImplicitTLS, policy.OpportunisticSTARTTLS, policy.RequiredSTARTTLS}
}

func protocols() []policy.Protocol {
	return []policy.Protocol{policy.Submission, policy.IMAP, policy.POP3}
}

// network is what stands between a program and its server, and what each of
// the policies promises there, in the order of policies. A dash is for a
// combination that means nothing.
type network struct {
	name     string
	attack   dialtest.Attack
	promised [4]string
}

func networks() []network {
	return []network{
		{"honest", dialtest.Honest, [...]string{"clear (asked)", "TLS 1.3", "TLS 1.3", "TLS 1.3"}},
		{"stripped", dialtest.Strip, [...]string{"clear (asked)", "TLS 1.3", "clear (said so)", "not offered"}},
		{"refused", dialtest.Refuse, [...]string{"clear (asked)", "TLS 1.3", "refused", "refused"}},
		{"injected", dialtest.Inject, [...]string{"clear (asked)", "TLS 1.3", "injected", "injected"}},
		{"plaintext on TLS port", dialtest.PlainOnTLSPort, [...]string{"-", "not TLS", "-", "-"}},
		{"bad certificate", dialtest.SwapCertificate, [...]string{"clear (asked)", "certificate", "certificate", "certificate"}},
	}
}

// probe connects to the servers through an attacker in between.
type probe struct {
	srv    *mailserver.Server
	dialer *dial.Dialer
}

// table connects under every policy over every network and writes what came of
// it. The error names the cells that are not as promised.
func (t probe) table(ctx context.Context, w io.Writer, nets []network) error {
	var broken error
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(out, "network")
	for _, how := range policies() {
		fmt.Fprintf(out, "\t%v", how)
	}
	for _, n := range nets {
		fmt.Fprintf(out, "\n%s", n.name)
		for i, how := range policies() {
			got, err := t.cell(ctx, n, how, n.promised[i])
			fmt.Fprintf(out, "\t%s", got)
			broken = errors.Join(broken, err)
		}
	}
	fmt.Fprintln(out)
	return errors.Join(out.Flush(), broken)
}

// cell returns what a policy comes to over a network: one outcome if the
// protocols agree, as they should, else that of each.
func (t probe) cell(ctx context.Context, n network, how policy.Policy, promised string) (string, error) {
	if promised == "-" {
		return promised, nil
	}
	var outcomes, named []string
	for _, p := range protocols() {
		outcome, err := t.try(ctx, n.attack, p, how)
		if err != nil {
			return "?", err
		}
		outcomes = append(outcomes, outcome)
		named = append(named, fmt.Sprintf("%v: %s", p, outcome))
	}
	got := strings.Join(named, ", ")
	if len(slices.Compact(outcomes)) == 1 {
		got = outcomes[0]
	}
	if got != promised {
		return got, fmt.Errorf("network %s, %v: promised was %q, got %q", n.name, how, promised, got)
	}
	return got, nil
}

// try connects once.
func (t probe) try(ctx context.Context, attack dialtest.Attack, p policy.Protocol, how policy.Policy) (string, error) {
	mitm, err := dialtest.Interpose(t.srv.Addr(p, how == policy.ImplicitTLS), p, attack)
	if err != nil {
		return "", err
	}
	defer mitm.Close()
	conn, err := t.dialer.Dial(ctx, mitm.Endpoint(how))
	if err != nil {
		return reason(err), nil
	}
	defer conn.Close()
	return achieved(conn.Security()), nil
}

// achieved says in a few words what a connection is.
func achieved(s dial.Security) string {
	switch {
	case s.Confidential():
		return tls.VersionName(s.TLS.Version)
	case s.Encrypted():
		return "TLS, not verified"
	case s.Downgrade != nil:
		return "clear (said so)"
	}
	return "clear (asked)"
}

// reason says in a few words why there is no connection. A program would look
// for the errors that it has an answer to, and show the others.
func reason(err error) string {
	var cert *tls.CertificateVerificationError
	switch {
	case errors.Is(err, policy.ErrNotOffered):
		return "not offered"
	case errors.Is(err, policy.ErrRefused):
		return "refused"
	case errors.Is(err, policy.ErrInjected):
		return "injected"
	case errors.Is(err, policy.ErrNotTLS):
		return "not TLS"
	case errors.As(err, &cert):
		return "certificate"
	}
	return err.Error()
}
