package dialtest

import (
	"strings"

	"github.com/mailconn/mailconn/internal/test/script"
)

// reason puts the result that a script demands into words.
func reason(o script.Outcome) string {
	result, _, _ := strings.Cut(o.Result, "|")
	words := map[string]string{
		"not-offered":       "the server does not offer STARTTLS",
		"refused":           "the server refuses",
		"refused-temporary": "the server refuses",
		"preauth":           "the server says that the client is logged in already",
		"injected":          "there is data that the server was not asked for",
		"not-tls":           "the port does not speak TLS",
		"malformed":         "the server breaks the protocol's grammar",
		"limit":             "the server says more than a client should hold",
		"closed":            "the connection ends",
		"timeout":           "the server falls silent",
		"handshake":         "the TLS handshake cannot succeed",
		"cert-expired":      "the certificate is not valid at this time",
		"cert-usage":        "the certificate is not for servers",
		"cert-name":         "the certificate is for another name",
		"cert-unknown":      "the certificate is of an unknown CA",
		"auth-cleartext":    "credentials would go over the clear",
	}
	switch {
	case words[result] != "":
		return words[result]
	case strings.HasPrefix(result, "auth"):
		return "the server does not let the client in"
	}
	return result
}
