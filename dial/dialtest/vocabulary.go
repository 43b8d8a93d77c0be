package dialtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/dial/dialtest/internal/imapd"
	"github.com/mailconn/mailconn/dial/dialtest/internal/pop3d"
	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
	"github.com/mailconn/mailconn/dial/dialtest/internal/smtpd"
	"github.com/mailconn/mailconn/policy"
)

// without returns the extensions that a server does not have, in upper case, with those
// that need them.
func without(p policy.Protocol, words []string) ([]string, error) {
	known, _ := vocabulary(p)
	all := []string{}
	for _, word := range words {
		word = strings.ToUpper(word)
		if !slices.Contains(known, word) {
			return nil, fmt.Errorf("dialtest: no extension %q of %v that a server could be without", word, p)
		}
		all = append(all, word)
		switch word {
		case "CONDSTORE", "ENABLE":
			all = append(all, "QRESYNC")
		case "CHUNKING":
			all = append(all, "BINARYMIME")
		case "RESP-CODES":
			all = append(all, "AUTH-RESP-CODE")
		}
	}
	return all, nil
}

// vocabulary returns the extensions that a server of a protocol need not have, and the
// moments that a rule for it can have: its commands, and those of serve.Moments.
func vocabulary(p policy.Protocol) (extensions, moments []string) {
	if p == policy.IMAP {
		return imapd.Extensions(), append(imapd.Commands(), serve.Moments()...)
	}
	moments = slices.DeleteFunc(serve.Moments(), func(m string) bool { return m == serve.Idling })
	if p == policy.POP3 {
		return pop3d.Extensions(), append(pop3d.Commands(), moments...)
	}
	return smtpd.Extensions(), append(append(smtpd.Commands(), "."), moments...)
}
