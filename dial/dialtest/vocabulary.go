package dialtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/dial/dialtest/internal/imapd"
	"github.com/mailconn/mailconn/dial/dialtest/internal/pop3d"
	"github.com/mailconn/mailconn/dial/dialtest/internal/smtpd"
	"github.com/mailconn/mailconn/policy"
)

// without returns the extensions that a server is to be without, in upper case, and
// those that need them.
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

// vocabulary returns the extensions that a server can be without, and the commands of a
// protocol, with the moments that it alone has.
func vocabulary(p policy.Protocol) (extensions, commands []string) {
	switch p {
	case policy.IMAP:
		return imapd.Extensions(), append(imapd.Commands(), "IDLING")
	case policy.POP3:
		return pop3d.Extensions(), pop3d.Commands()
	}
	return smtpd.Extensions(), append(smtpd.Commands(), ".")
}
