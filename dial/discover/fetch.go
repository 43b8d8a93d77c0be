package discover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/wire"
)

var (
	// ErrDocument is in the chain of an error about a document that is not what it
	// should be, or too large.
	ErrDocument = errors.New("document not usable")
	// ErrRedirect is in the chain of an error about a redirect that was not
	// followed: to anything but https, or one too many.
	ErrRedirect = errors.New("redirect not followed")
)

const (
	maxDocument  = 64 << 10 // bytes, without compression
	maxRedirects = 2
)

// errNothing is a document that is not there: the host or the path does not
// exist.
var errNothing = errors.New("nothing there")

// document is what was fetched.
type document struct {
	body []byte // content codings are removed
	host string // the last one, whose certificate it was
}

// transport returns the program's transport, held to this package's rules, for
// what is fetched under ctx. It ends with ctx: by itself an http.Transport goes on
// connecting when the request is given up.
func (f *finder) transport(ctx context.Context) *http.Transport {
	t := new(http.Transport)
	if f.Transport != nil {
		t = f.Transport.Clone()
	}
	under := t.DialContext
	if under == nil {
		under = netDial(nil)
	}
	g := &guard{f.Resolver, f.Permit, under}
	t.DialContext = func(_ context.Context, network, address string) (net.Conn, error) {
		conn, err := g.DialContext(ctx, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { conn.Close() })
		}
		return conn, err
	}
	t.MaxResponseHeaderBytes = maxDocument
	return t
}

// get fetches a document over HTTPS. It returns errNothing if there is none.
func (f *finder) get(ctx context.Context, address string) (*document, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	web := f.transport(ctx)
	for hop := range maxRedirects + 1 {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, err
		}
		next, doc, err := fetch(web, req)
		switch {
		case err == nil && next == "":
			return doc, nil
		case err == nil:
			address = next
		case ctx.Err() != nil:
			return nil, fmt.Errorf("https://%s: %w", req.URL.Hostname(), wire.ContextError(ctx))
		case errors.Is(err, errNoAddress) && hop == 0, errors.Is(err, errNothing):
			return nil, errNothing
		default:
			return nil, fmt.Errorf("https://%s: %w", req.URL.Hostname(), err)
		}
	}
	return nil, fmt.Errorf("%w: more than %d", ErrRedirect, maxRedirects)
}

// fetch makes one request. The answer is a document, or where to go on. It is not
// done by an http.Client, which would tell the next host, as the referrer, what
// this one was asked.
func fetch(web *http.Transport, req *http.Request) (next string, doc *document, err error) {
	req.Header.Set("User-Agent", "mailconn")
	resp, err := web.RoundTrip(req)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		doc, err = readDocument(resp)
	case http.StatusNotFound, http.StatusGone:
		err = errNothing
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		to, bad := resp.Location()
		if bad != nil || to.Scheme != "https" || to.User != nil {
			return "", nil, fmt.Errorf("%w: it does not lead to https", ErrRedirect)
		}
		next = to.String()
	default:
		err = fmt.Errorf("%w: status %d", ErrDocument, resp.StatusCode)
	}
	return next, doc, err
}

// readDocument reads a bounded body.
func readDocument(resp *http.Response) (*document, error) {
	host, err := dns.Canonical(resp.Request.URL.Hostname())
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxDocument {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrDocument, maxDocument)
	}
	return &document{body, host}, nil
}
