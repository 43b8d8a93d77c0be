package hint

import (
	"errors"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/internal/endpoint"
	"github.com/mailconn/mailconn/policy"
)

// Failure is a connection that failed, as far as hints depend on it.
type Failure struct {
	endpoint.Endpoint        // with the port filled in
	Phase             string // as dial.Phase has it
	Server            string // host and port
	Err               error
	TimedOut          bool
	Known             *peers.Known // what is remembered of the server
}

// violation returns the rule that was broken, and the zero Violation if none was.
func (f *Failure) violation() *policy.Violation {
	v := &policy.Violation{}
	errors.As(f.Err, &v)
	return v
}

// usual returns the server's URL under a policy on the usual port.
func (f *Failure) usual(p policy.Policy) string { return f.At(p, 0).String() }

// here returns the server's URL under a policy on the port that was dialled, unless
// that is the usual port of the policy that was tried.
func (f *Failure) here(p policy.Policy) string {
	if f.Port == f.Protocol.DefaultPort(f.Policy) {
		return f.usual(p)
	}
	return f.At(p, f.Port).String()
}
