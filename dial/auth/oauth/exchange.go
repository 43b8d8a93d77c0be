package oauth

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"github.com/mailconn/mailconn/internal/wire"
)

// maxAnswer is the limit of what is read of an answer, in bytes.
const maxAnswer = 128 << 10

var errTooLarge = fmt.Errorf("answer is larger than %d KiB", maxAnswer>>10)

// exchange carries the requests of one call to an issuer. It is the transport below
// golang.org/x/oauth2, which would ignore the context of some requests, follow
// redirects and keep answers in its errors: what it gets to see is a JSON object
// without an error. Everything else is an [*Error].
type exchange struct {
	ctx     context.Context
	base    http.RoundTripper
	timeout time.Duration // of each request, with its answer
	issuer  string
	secrets []string // what may not be shown, as the issuer's words might
	// authorize, if not nil, adds what x/oauth2 leaves out.
	authorize func(*http.Request)
}

// context returns a context with which x/oauth2 uses x.
func (x *exchange) context() context.Context {
	return context.WithValue(x.ctx, oauth2.HTTPClient, &http.Client{Transport: x})
}

// RoundTrip sends a request and reads the answer, both bounded by the context of x.
func (x *exchange) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, cancel := wire.WithTimeout(x.ctx, x.timeout)
	defer cancel()
	request = request.Clone(ctx)
	if x.authorize != nil {
		x.authorize(request)
	}
	place := request.URL.String()
	response, err := x.base.RoundTrip(request)
	if err != nil {
		return nil, x.failed(ctx, place, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case len(body) > maxAnswer:
		return nil, x.answered(place, response, KindIssuer, errTooLarge)
	case err != nil:
		return nil, x.failed(ctx, place, err)
	}
	if err := x.judge(place, response, body); err != nil {
		if ctx.Err() != nil { // it may be what the server sent when the connection was closed
			return nil, x.failed(ctx, place, err)
		}
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(plainSeconds(body)))
	return response, nil
}

// failed is the error of a request without a whole answer.
func (x *exchange) failed(ctx context.Context, place string, err error) error {
	if x.ctx.Err() != nil {
		return fmt.Errorf("oauth: %s: %w", x.issuer, wire.ContextError(x.ctx))
	}
	e := x.broken(place, err)
	var certificate *tls.CertificateVerificationError
	if ctx.Err() != nil {
		e.Err = wire.ContextError(ctx)
	}
	if !errors.As(err, &certificate) {
		e.Kind = KindTemporary
	}
	return e
}

// cause returns the error below what net/http and x/oauth2 put around it. An error of
// x/oauth2's own is about an answer that it cannot read, which it may quote.
func (x *exchange) cause(place string, err error) error {
	var failed *Error
	switch {
	case errors.As(err, &failed):
		return failed
	case x.ctx.Err() != nil:
		return fmt.Errorf("oauth: %s: %w", x.issuer, wire.ContextError(x.ctx))
	}
	return x.broken(place, errors.New("malformed answer"))
}
