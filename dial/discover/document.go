package discover

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/hostname"
	"github.com/mailconn/mailconn/internal/wire"
)

// add adds a server that a document names, unless its host or port is not valid.
func (r *report) add(like find, e dial.Endpoint) {
	host, err := hostname.Normal(e.Host)
	if e.Host = host; err == nil {
		err = e.Validate()
	}
	if err != nil {
		r.fail(fmt.Errorf("%w: %v server: %w", ErrDocument, e.Protocol, err))
		return
	}
	if e.Port == 0 {
		e.Port = e.Protocol.DefaultPort(e.Policy)
	}
	like.endpoint = e
	r.finds = append(r.finds, like)
}

// issuer returns the https URL of an issuer, and "" if s names none. Older documents
// have the name of a host instead of a URL.
func (r *report) issuer(s string) string {
	if s = strings.TrimSpace(s); s == "" {
		return ""
	}
	if host, err := dns.Canonical(s); err == nil {
		return "https://" + host
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || s != wire.Printable(s) {
		r.fail(fmt.Errorf("%w: issuer %.64q", ErrDocument, s))
		return ""
	}
	return s
}
