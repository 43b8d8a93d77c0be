// Package words says in words what a report has, for the terminal and the page alike.
package words

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// Fact is a line about an endpoint or a domain.
type Fact struct{ Label, Text string }

// Facts returns what is known of an endpoint, apart from what Details returns and from the
// transcript.
func Facts(e *report.Endpoint) (all []Fact) {
	add := func(label, text string) {
		if text != "" {
			all = append(all, Fact{label, text})
		}
	}
	add("about", e.About)
	for i, o := range e.Outcomes {
		if o.Result == report.None && (i == 0 || o.Reason != e.Main().Reason) {
			add("no connection", fmt.Sprintf("%v, phase %s: %s", o.Policy, o.Phase, o.Error))
		}
	}
	add("TLS", handshake(e.TLS))
	add("verified", verified(e.TLS))
	add("old TLS", oldTLS(e.OldTLS))
	add("STARTTLS", starttls(e.STARTTLS))
	add("greeting", e.Greeting)
	if e.Clear != nil {
		add("without TLS", logins(e.Clear))
	}
	if e.Inside != nil {
		add("inside TLS", logins(e.Inside))
		add("capabilities", strings.Join(e.Inside.Capabilities, "  "))
	}
	add("login", login(e.Login))
	return all
}

// logins says which ways to log in are offered.
func logins(o *report.Offer) string {
	if len(o.Mechanisms) == 0 {
		return "no login"
	}
	return "login by " + strings.Join(o.Mechanisms, ", ")
}

// Details returns the certificates of an endpoint, and the time of each phase.
func Details(e *report.Endpoint) (all []Fact) {
	for i, c := range e.Chain {
		all = append(all, Fact{[]string{"certificate", "issuer"}[min(i, 1)], certificate(c)})
	}
	if steps := e.Main().Steps; len(steps) > 0 {
		all = append(all, Fact{"time", times(steps)})
	}
	return all
}

func handshake(t *report.TLS) string {
	if t == nil {
		return ""
	}
	text := t.Version + ", " + t.Suite
	switch {
	case t.PostQuantum:
		text += ", " + t.KeyExchange + " (post-quantum)"
	case t.KeyExchange != "":
		text += ", " + t.KeyExchange + " (not post-quantum)"
	}
	return text
}

func verified(t *report.TLS) string {
	switch {
	case t == nil:
		return ""
	case t.Root == "":
		return fmt.Sprintf("%s, for %s", t.Verified, t.ServerName)
	}
	return fmt.Sprintf("by %s, for %s", t.Root, t.ServerName)
}

func oldTLS(o *report.OldTLS) string {
	switch {
	case o == nil:
		return ""
	case o.TLS10 && o.TLS11:
		return "TLS 1.0 and 1.1 are taken"
	case o.TLS10:
		return "TLS 1.0 is taken"
	case o.TLS11:
		return "TLS 1.1 is taken"
	}
	return "TLS 1.0 and 1.1 are not taken"
}

// certificate describes one in a line.
func certificate(c report.Certificate) string {
	const most = 8
	names := strings.Join(c.Names[:min(len(c.Names), most)], ", ")
	if more := len(c.Names) - most; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	left := fmt.Sprintf("%d days left", c.DaysLeft)
	if c.DaysLeft < 0 {
		left = "EXPIRED"
	}
	return fmt.Sprintf("%s, %s, issued by %s, until %s (%s)",
		cmp.Or(names, c.Subject), c.Key, c.Issuer, c.NotAfter.Format(time.DateOnly), left)
}

func starttls(s *report.STARTTLS) string {
	if s == nil {
		return ""
	}
	words := []string{"not offered", "does not work"}
	if s.Offered {
		words[0] = "offered"
	}
	if s.Works {
		words[1] = "works when it is demanded"
	}
	if s.Required {
		words = append(words, "no login before it")
	}
	if s.Injected {
		words = append(words, "EXTRA DATA CAME AFTER IT")
	}
	return strings.Join(words, ", ")
}

func login(l *report.Login) string {
	switch {
	case l == nil:
		return ""
	case l.Error != "":
		return fmt.Sprintf("as %s: %s", l.User, l.Error)
	case l.Binding != "":
		return fmt.Sprintf("as %s by %s, bound to the connection (%s)", l.User, l.Mechanism, l.Binding)
	}
	return fmt.Sprintf("as %s by %s, not bound to the connection", l.User, l.Mechanism)
}

func times(steps []report.Step) string {
	var words []string
	for _, s := range steps {
		words = append(words, fmt.Sprintf("%s %s", s.Phase, Milliseconds(s.Took)))
	}
	return strings.Join(words, ", ")
}

// Milliseconds returns a time in microseconds as people read it.
func Milliseconds(us int64) string { return fmt.Sprintf("%.1f ms", float64(us)/1000) }
