package mx

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// ResultType returns the result type that a TLS report has for a failure (RFC 8460 §4.3), as
// in "certificate-expired". err is that of a [Session] or a [Host], Session.Untrue,
// Route.PolicyErr, or what Config.Fetched was told. It returns "" for nil, and for a
// failure that says nothing about how a domain protects its mail: a server that cannot be
// reached or turns mail away, a call that was cancelled.
func ResultType(err error) string {
	if err == nil || wire.OwnEnd(err) {
		return ""
	}
	var past *pastFailure
	if errors.As(err, &past) {
		return past.resultType
	}
	for _, row := range resultTypes() {
		if row.is(err) {
			return row.name
		}
	}
	return ""
}

type resultType struct {
	name string
	is   func(error) bool
}

// resultTypes are the result types in the order in which they are looked for: a policy's
// own failures before those of a server, and the special before the general.
func resultTypes() []resultType {
	return []resultType{
		{"sts-policy-invalid", causedBy(func(e *fetchError) bool { return e.invalid })},
		{"sts-webpki-invalid", causedBy(func(e *fetchError) bool { return unverified(e) })},
		{"sts-policy-fetch-error", causedBy(func(*fetchError) bool { return true })},
		{"sts-policy-fetch-error", causedBy(func(e *dns.Error) bool { return strings.HasPrefix(e.Name, stsLabel) })},
		{"dane-required", func(err error) bool { return errors.Is(err, ErrNoTLSA) }},
		{"dnssec-invalid", causedBy(func(e *dns.Error) bool {
			return e.Type == dns.TypeTLSA || e.RCode == dnsmessage.RCodeServerFailure
		})},
		{"tlsa-invalid", func(err error) bool { return errors.Is(err, ErrTLSA) || errors.Is(err, errManyTLSA) }},
		{"starttls-not-supported", func(err error) bool { return errors.Is(err, policy.ErrNotOffered) }},
		{"certificate-host-mismatch", causedBy(func(x509.HostnameError) bool { return true })},
		{"certificate-expired", causedBy(func(e x509.CertificateInvalidError) bool { return e.Reason == x509.Expired })},
		{"certificate-not-trusted", unverified},
		{"validation-failure", func(err error) bool { return errors.Is(err, ErrNotInPolicy) }},
		{"validation-failure", causedBy(func(e *dial.Error) bool {
			return e.Phase == dial.PhaseSTARTTLS || e.Phase == dial.PhaseHandshake
		})},
	}
}

// causedBy reports whether an error of one type that is so is in a chain.
func causedBy[E error](is func(E) bool) func(error) bool {
	return func(err error) bool {
		var e E
		return errors.As(err, &e) && is(e)
	}
}

// unverified reports whether a certificate is the cause of an error.
func unverified(err error) bool {
	var bad *tls.CertificateVerificationError
	return errors.As(err, &bad)
}
