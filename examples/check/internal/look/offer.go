package look

import (
	"slices"
	"strings"

	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/policy"
)

// Limits on what is kept of a server's words.
const (
	maxText = 512 // bytes of a text
	maxList = 100 // texts of a list
)

// clip cuts a text to a sane length, and makes it valid UTF-8.
func clip(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxText)], "\uFFFD")
}

func clipAll(texts []string) []string {
	kept := []string{}
	for _, text := range texts[:min(len(texts), maxList)] {
		kept = append(kept, clip(text))
	}
	return kept
}

// offer returns what a server lists, with the ways to log in picked out.
func offer(p policy.Protocol, capabilities []string) *report.Offer {
	return &report.Offer{Capabilities: clipAll(capabilities), Mechanisms: clipAll(mechanisms(p, capabilities))}
}

// mechanisms returns the ways to log in, in the order of the list: SASL mechanisms, and the
// commands of the protocol that show the password.
func mechanisms(p policy.Protocol, capabilities []string) (found []string) {
	for _, line := range capabilities {
		words := strings.Fields(strings.ToUpper(line))
		switch {
		case len(words) == 0:
		case p == policy.IMAP:
			if name, ok := strings.CutPrefix(words[0], "AUTH="); ok {
				found = append(found, name)
			}
		case p == policy.POP3 && words[0] == "SASL", p != policy.POP3 && words[0] == "AUTH":
			found = append(found, words[1:]...)
		case p == policy.POP3 && words[0] == "USER":
			found = append(found, "USER")
		}
	}
	switch {
	case p == policy.IMAP && !slices.Contains(capabilities, "LOGINDISABLED"):
		found = append(found, "LOGIN") // RFC 9051 §6.2.3: it is there unless it is disabled
	case p == policy.POP3 && len(capabilities) == 0:
		found = append(found, "USER") // a server without CAPA has what RFC 1939 has
	}
	return found
}
