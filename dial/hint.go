package dial

import (
	"github.com/mailconn/mailconn/internal/hint"
	"github.com/mailconn/mailconn/policy"
)

// Hint returns one or two sentences for a person about what may be wrong and what
// to do. It is empty only if Err is nil, printable, and at most 512 bytes long. It
// never suggests going without TLS.
func (e *Error) Hint() string {
	port := e.Endpoint.Port
	if port == 0 {
		port = e.Endpoint.Protocol.DefaultPort(e.Endpoint.Policy)
	}
	return hint.For(&hint.Failure{
		Phase:    string(e.Phase),
		Host:     e.Endpoint.Host,
		Server:   e.Endpoint.Address(),
		Protocol: e.Endpoint.Protocol,
		Policy:   e.Endpoint.Policy,
		Port:     port,
		Err:      e.Err,
		TimedOut: e.Timeout(),
		Known:    e.Known,
		URL: func(p policy.Policy, port uint16) string {
			other := e.Endpoint
			other.Policy, other.Port = p, port
			if port == 0 {
				other.Port = other.Protocol.DefaultPort(p)
			}
			return other.String()
		},
	})
}
