package verify

import (
	"context"
	"crypto/tls"
	"fmt"
)

// Expectation makes the Verifier of one connection in place of what its tls.Config says,
// which it gets.
type Expectation func(*tls.Config) Verifier

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
