package hint

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mailconn/mailconn/internal/protocols"
	"github.com/mailconn/mailconn/internal/upgrade"
	"github.com/mailconn/mailconn/policy"
)

// spoken returns the name of the protocol that text is the beginning of, and "" if
// it is of none that is known.
func spoken(text string) string {
	upper := strings.ToUpper(text)
	switch {
	case strings.HasPrefix(upper, "HTTP/"):
		return "HTTP"
	case strings.HasPrefix(upper, "SSH-"):
		return "SSH"
	}
	return protocols.Greeting(text)
}

// clearSpeech explains words in the clear on a port for TLS.
func clearSpeech(f *Failure, v *policy.Violation) string {
	own := protocols.Of(f.Protocol).Name
	switch p := spoken(v.Reply); {
	case p == "":
		return fmt.Sprintf("What listens on %s does not speak TLS.", f.Server)
	case p != own:
		return fmt.Sprintf("%s speaks clear-text %s, and not TLS for %s: check port and protocol.", f.Server, p, own)
	}
	s := fmt.Sprintf("%s speaks clear-text %s: use %s (STARTTLS)", f.Server, own, f.At(policy.RequiredSTARTTLS, f.Port))
	if usual := f.Protocol.DefaultPort(policy.ImplicitTLS); f.Port != usual {
		s += fmt.Sprintf(", or the TLS port %d", usual)
	}
	return s + "."
}

// malformed explains an answer that is not of the protocol.
func malformed(f *Failure, v *policy.Violation) string {
	own := protocols.Of(f.Protocol).Name
	p := spoken(v.Reply)
	switch {
	case errors.Is(v, upgrade.ErrSpeaksTLS):
		return fmt.Sprintf("%s expects TLS from the first byte: use %s.", f.Server, f.here(policy.ImplicitTLS))
	case f.Phase == upgrade.PhaseGreeting && p != "" && p != own:
		return fmt.Sprintf("%s speaks %s, not %s: check port and protocol.", f.Server, p, own)
	case f.Phase == upgrade.PhaseGreeting:
		return fmt.Sprintf("What listens on %s does not answer as %s does: check host, port and protocol.", f.Server, own)
	}
	return fmt.Sprintf("%s gives an answer that is not %s: the server is broken, or an attacker is in between.", f.Server, own)
}
