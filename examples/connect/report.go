package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/trust"
)

// report says what was achieved.
func (f *finding) report(w io.Writer) {
	s := f.security
	fmt.Fprintf(w, "%v: %s\n\n", s.Endpoint, verdict(s))
	row(w, "policy", s.Endpoint.Policy.String())
	if s.Downgrade != nil {
		row(w, "downgrade", s.Downgrade.Error())
	}
	if s.Encrypted() {
		reportTLS(w, s)
	}
	row(w, "logged in", f.login())
	for _, text := range f.alerts {
		row(w, "alert", text)
	}
	row(w, "capabilities", cmp.Or(strings.Join(f.capabilities, "  "), "none listed"))
}

func (f *finding) login() string {
	if f.mechanism == "" {
		return "no"
	}
	return fmt.Sprintf("as %s, by %s", f.user, f.mechanism)
}

// verdict is what a mail program would show beside the account.
func verdict(s dial.Security) string {
	switch {
	case s.Confidential():
		return "protected"
	case s.Encrypted():
		return "NOT PROTECTED: encrypted, but an attacker could be at the other end"
	}
	return "NOT PROTECTED: an attacker on the way can read and change everything"
}

func reportTLS(w io.Writer, s dial.Security) {
	row(w, "TLS version", tls.VersionName(s.TLS.Version))
	row(w, "cipher suite", tls.CipherSuiteName(s.TLS.CipherSuite))
	row(w, "ALPN", cmp.Or(s.TLS.NegotiatedProtocol, "none"))
	row(w, "server name", s.ServerName)
	reportCertificate(w, s.TLS.PeerCertificates[0])
	row(w, "verified", verified(s.Verified))
}

func verified(v trust.Method) string {
	switch v {
	case trust.None:
		return "no"
	case trust.PKIX:
		return "by a chain to a trusted CA, for the server name (pkix)"
	}
	return v.String()
}

func reportCertificate(w io.Writer, c *x509.Certificate) {
	row(w, "certificate", "for "+names(c))
	row(w, "issued by", c.Issuer.String())
	row(w, "valid", validity(c, time.Now()))
}

// names returns what a certificate is for; there may be a hundred of them.
func names(c *x509.Certificate) string {
	all := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	const most = 8
	switch n := len(all); {
	case n == 0:
		return fmt.Sprintf("no host, but the subject %v", c.Subject)
	case n > most:
		return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), n-most)
	}
	return strings.Join(all, ", ")
}

func validity(c *x509.Certificate, now time.Time) string {
	const day = 24 * time.Hour
	span := c.NotBefore.Format(time.DateOnly) + " to " + c.NotAfter.Format(time.DateOnly)
	switch {
	case now.After(c.NotAfter):
		return fmt.Sprintf("%s (EXPIRED %d days ago)", span, now.Sub(c.NotAfter)/day)
	case now.Before(c.NotBefore):
		return fmt.Sprintf("%s (NOT YET, in %d days)", span, c.NotBefore.Sub(now)/day)
	}
	return fmt.Sprintf("%s (%d days left)", span, c.NotAfter.Sub(now)/day)
}

// reportFailure says what stopped the connection, and what can be done.
func reportFailure(w io.Writer, err error) {
	var stopped *dial.Error
	if !errors.As(err, &stopped) { // the session was there, and broke
		fmt.Fprintln(w, "connect:", err)
		return
	}
	fmt.Fprintf(w, "%v: no connection\n\n", stopped.Endpoint)
	row(w, "policy", stopped.Endpoint.Policy.String())
	row(w, "phase", string(stopped.Phase))
	row(w, "error", stopped.Err.Error())
	var bad *tls.CertificateVerificationError
	if errors.As(err, &bad) && len(bad.UnverifiedCertificates) > 0 {
		reportCertificate(w, bad.UnverifiedCertificates[0])
	}
	row(w, "temporary", temporary(stopped))
	if hint := stopped.Hint(); hint != "" {
		row(w, "hint", hint)
	}
}

func temporary(e *dial.Error) string {
	if e.Temporary() {
		return "yes: the same call may succeed later"
	}
	return "no: the same call would fail again"
}
