package discover

import "errors"

// ReadDocument reads a document as of a domain's web server, and returns the
// candidates for joe@example.org with what was wrong.
func ReadDocument(body []byte, json bool) (*Result, error) {
	f := &finder{mailbox: mailbox{local: "joe", domain: "example.org"}}
	r := report{source: Autoconfig}
	if json {
		r.paccFinds(body, Proof{PACC, Digest, "example.org"})
	} else {
		f.configFinds(&r, body, Proof{Autoconfig, DomainHTTPS, "example.org"})
	}
	return f.result([]report{r}), errors.Join(r.failed...)
}

// ParseAddress returns an address in its canonical form.
func ParseAddress(address string) (string, error) {
	m, err := parseAddress(address)
	return m.String(), err
}
