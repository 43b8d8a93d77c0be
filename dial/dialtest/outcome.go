package dialtest

import (
	"strings"

	"github.com/mailconn/mailconn/internal/test/script"
)

// reason puts the result that a script demands into words.
func reason(o script.Outcome) string {
	result, _, _ := strings.Cut(o.Result, "|")
	switch result {
	case "not-offered":
		return "the server does not offer STARTTLS"
	case "refused", "refused-temporary":
		return "the server refuses"
	case "preauth":
		return "the server says that somebody is logged in already"
	case "injected":
		return "there is data that the server was not asked for"
	case "not-tls":
		return "the port does not speak TLS"
	case "malformed":
		return "the server breaks the protocol's grammar"
	case "limit":
		return "the server says more than a client should hold"
	case "closed":
		return "the connection ends"
	case "timeout":
		return "the server falls silent"
	case "handshake":
		return "the TLS handshake cannot succeed"
	}
	return personal(result)
}

// personal is reason for what concerns who somebody is.
func personal(result string) string {
	switch result {
	case "cert-expired":
		return "the certificate is not valid at this time"
	case "cert-usage":
		return "the certificate is not for servers"
	case "cert-name":
		return "the certificate is for another name"
	case "cert-unknown":
		return "nobody vouches for the certificate"
	case "auth-cleartext":
		return "credentials would go over the clear"
	}
	if strings.HasPrefix(result, "auth") {
		return "the server does not let the client in"
	}
	return result
}
