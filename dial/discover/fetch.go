package discover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/mailconn/mailconn/internal/hostname"
	"github.com/mailconn/mailconn/internal/netguard"
	"github.com/mailconn/mailconn/internal/wire"
)

var (
	// ErrDocument is in the chain of an error about a document that is not what it
	// should be, or too large.
	ErrDocument = errors.New("document not usable")
	// ErrRedirect is in the chain of an error about a redirect that was not
	// followed: it does not lead to https, or there were too many.
	ErrRedirect = errors.New("redirect not followed")
)

const (
	maxDocument  = 64 << 10 // bytes, without compression
	maxRedirects = 2
)

// errNothing means that there is no document: the host or the path does not exist.
var errNothing = errors.New("nothing there")

// document is what was fetched.
type document struct {
	body  []byte   // without content codings
	hosts []string // those that redirected to it, and the last one, that sent it, by its certificate
}

// host returns the last one, whose certificate it was.
func (d *document) host() string { return d.hosts[len(d.hosts)-1] }

// get fetches a document over HTTPS. It returns errNothing if there is none.
func (f *finder) get(ctx context.Context, address string) (*document, error) {
	var hosts []string
	for hop := range maxRedirects + 1 {
		u, err := url.Parse(address)
		if err != nil {
			return nil, err
		}
		host, err := hostname.Normal(u.Hostname())
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, host)
		next, body, err := f.fetch(ctx, u)
		switch {
		case err == nil && next == "":
			return &document{body, hosts}, nil
		case err == nil:
			address = next
		case errors.Is(err, netguard.ErrNoAddress) && hop == 0, errors.Is(err, errNothing):
			return nil, errNothing
		case ctx.Err() != nil && !errors.Is(err, ctx.Err()):
			return nil, fmt.Errorf("https://%s: %w", u.Hostname(), wire.ContextError(ctx))
		default:
			return nil, fmt.Errorf("https://%s: %w", u.Hostname(), err)
		}
	}
	return nil, fmt.Errorf("%w: more than %d", ErrRedirect, maxRedirects)
}

// fetch makes one request. It returns a document's body, or the URL that it is redirected
// to. It does not use an http.Client, which would send each host the URL of the one before
// as the referrer.
func (f *finder) fetch(ctx context.Context, u *url.URL) (next string, body []byte, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g := &netguard.Guard{Resolver: f.Resolver, Permit: f.Permit}
	resp, err := g.Get(ctx, f.Transport, u, maxDocument)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		body, err = readDocument(resp)
	case http.StatusNotFound, http.StatusGone:
		err = errNothing
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		to, bad := resp.Location()
		if bad != nil || to.Scheme != "https" || to.User != nil {
			return "", nil, fmt.Errorf("%w: it does not lead to https", ErrRedirect)
		}
		if _, err := hostname.Normal(to.Hostname()); err != nil { // net/http would take long to find that out
			return "", nil, fmt.Errorf("%w: %w", ErrRedirect, err)
		}
		next = to.String()
	default:
		err = fmt.Errorf("%w: status %d", ErrDocument, resp.StatusCode)
	}
	return next, body, err
}

// readDocument reads a body of at most maxDocument bytes.
func readDocument(resp *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxDocument {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrDocument, maxDocument)
	}
	return body, nil
}
