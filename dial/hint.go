package dial

import (
	"github.com/mailconn/mailconn/internal/endpoint"
	"github.com/mailconn/mailconn/internal/hint"
)

// Hint returns one to three sentences for a person about what may be wrong and what
// to do. It is empty only if Err is nil, printable, and at most 512 bytes long. It
// never suggests going without TLS.
func (e *Error) Hint() string {
	return hint.For(&hint.Failure{
		Endpoint: endpoint.Endpoint(e.Endpoint).At(e.Endpoint.Policy, e.Endpoint.Port),
		Phase:    string(e.Phase),
		Server:   e.Endpoint.Address(),
		Err:      e.Err,
		TimedOut: e.Timeout(),
		Known:    e.Known,
	})
}
