// Package hint says what a person can do about a connection that failed. It is one
// table: what [For] says, what the section Troubleshooting of package dial says, and
// what the reasons of package policy mean come from the same rows.
package hint

import (
	"context"
	"errors"
	"fmt"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Failure is a connection that failed, as far as hints depend on it.
type Failure struct {
	Phase    string // as dial.Phase has it
	Host     string
	Server   string // host and port
	Protocol policy.Protocol
	Policy   policy.Policy
	Port     uint16
	Err      error
	TimedOut bool
	Known    *peers.Known // what is remembered of the server
	// URL returns the server's endpoint under another policy: on the port that was
	// dialled, or on the usual one if port is 0.
	URL func(p policy.Policy, port uint16) string
}

// Row is a kind of failure.
type Row struct {
	Name  string // what errors.Is or errors.As finds, as a program writes it
	Means string // what happened: half a sentence
	Do    string // what a program or a person does about it: sentences

	// hint returns a sentence for a failure of this kind, and "" if f is not one or
	// nothing can be done about it.
	hint func(f *Failure) string
}

// Rows returns the table. What stands first decides.
func Rows() []Row {
	return append(reasons(), causes()...)
}

// For returns one or two sentences for a person, and "" only if nothing failed.
func For(f *Failure) string {
	if f.Err == nil {
		return ""
	}
	var own interface{ Hint() string } // *auth.Error
	if errors.As(f.Err, &own) {
		return wire.Printable(own.Hint())
	}
	if s := worsened(f); s != "" {
		return wire.Printable(s)
	}
	for _, row := range Rows() {
		if s := row.hint(f); s != "" {
			return wire.Printable(s)
		}
	}
	if errors.Is(f.Err, context.Canceled) {
		return "This program gave the connection up itself."
	}
	return fmt.Sprintf("The connection failed in phase %s, and there is no advice for the reason: the error's own text is what the operator of the server needs.", f.Phase)
}

// violation returns the rule that was broken, and the zero Violation if none was.
func (f *Failure) violation() *policy.Violation {
	v := &policy.Violation{}
	errors.As(f.Err, &v)
	return v
}

// usual returns the server's URL under a policy on the usual port.
func (f *Failure) usual(p policy.Policy) string { return f.URL(p, 0) }

// here returns the server's URL under a policy on the port that was dialled, unless
// that is the usual port of the policy that was tried.
func (f *Failure) here(p policy.Policy) string {
	if f.Port == f.Protocol.DefaultPort(f.Policy) {
		return f.usual(p)
	}
	return f.URL(p, f.Port)
}
