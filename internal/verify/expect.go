package verify

import (
	"context"
	"crypto/tls"
	"fmt"

	"github.com/mailconn/mailconn/dial/trust"
)

// Expectation is how the server of one connection is verified in place of what its
// tls.Config says: [ByTLSA], [ByName] or [Anyone]. It is data, and only this package makes
// a verdict of it.
type Expectation interface {
	verifier(*tls.Config) Verifier
}

// ByTLSA verifies a server as [DANE] does.
type ByTLSA struct {
	Records []trust.TLSA
	Names   []string
}

func (x ByTLSA) verifier(cfg *tls.Config) Verifier { return DANE(x.Records, x.Names, cfg.Time) }

// ByName verifies a server by its certificate for one of the names, at least one.
type ByName struct{ Names []string }

func (x ByName) verifier(cfg *tls.Config) Verifier {
	return PKIX(cfg, append([]string{}, x.Names...)...)
}

// Anyone accepts every server, as one that is not verified.
type Anyone struct {
	// Note, if it is not nil, is told what ByName with these Names would have said.
	Note  func(error)
	Names []string
}

func (x Anyone) verifier(cfg *tls.Config) Verifier {
	judge := StrongKeys(ByName{x.Names}.verifier(cfg))
	return func(s tls.ConnectionState) Verdict {
		if x.Note != nil {
			x.Note(judge(s).Err)
		}
		return Verdict{}
	}
}

// expectKey is the context's key of what [Expect] says.
type expectKey struct{}

type expected struct {
	endpoint string
	x        Expectation
}

// Expect returns a context in which a dial to the endpoint with this text expects its
// server to be as x says. Dials to other endpoints, which a hook may make with the same
// context, are as always.
func Expect(ctx context.Context, endpoint string, x Expectation) context.Context {
	return context.WithValue(ctx, expectKey{}, expected{endpoint, x})
}

// Expected returns what [Expect] says about the endpoint, and nil for nothing.
func Expected(ctx context.Context, endpoint fmt.Stringer) Expectation {
	if e, ok := ctx.Value(expectKey{}).(expected); ok && e.endpoint == endpoint.String() {
		return e.x
	}
	return nil
}
