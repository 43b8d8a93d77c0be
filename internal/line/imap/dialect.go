package imap

import (
	"cmp"
	"strings"
	"time"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Protocol returns the facts about IMAP.
func Protocol() line.Protocol {
	return line.Protocol{
		Name:    "IMAP",
		ALPN:    "imap",
		Timeout: 30 * time.Second,
		Upgrade: "STARTTLS",
		Greets: func(text string) bool {
			r := Parse(text)
			return r.Tag == "*" && (r.Status == "OK" || r.Status == "PREAUTH" || r.Status == "BYE")
		},
		Dialect: func(l wire.Lines, _ line.Named) line.Dialect { return New(l) },
		Scribe:  func() line.Scribe { return &scribe{} },
	}
}

var _ line.Dialect = (*Conn)(nil)

// Capabilities asks for the capabilities. A server that will not list them is a
// violation with reason ErrRefused; one that says OK without a list has sent a
// malformed answer.
func (c *Conn) Capabilities() (line.List, error) {
	var caps []string // the union, if there are several lists
	var bad error     // the first
	listed := false
	observe := c.Observe
	defer func() { c.Observe = observe }()
	c.Observe = func(r Response) {
		if r.Tag == "*" && r.Status == "" && isCapability(r.Line) {
			more, err := ParseCapabilities(r.Line[len("CAPABILITY"):])
			caps, bad, listed = append(caps, more...), cmp.Or(bad, err), true
		} else if observe != nil {
			observe(r)
		}
	}
	r, err := c.Command("CAPABILITY")
	switch {
	case err != nil:
		return line.List{}, err
	case r.Status != "OK":
		return line.List{}, r.Words().Violation(policy.ErrRefused)
	case bad != nil:
		return line.List{}, bad
	case !listed:
		return line.List{}, wire.Violation(policy.ErrMalformed, r.Line)
	}
	return line.List{Entries: append([]string{}, caps...)}, nil
}

// StartTLS sends STARTTLS (RFC 9051 §6.2.1). Capabilities in the OK are
// forgotten like everything else from before TLS.
func (c *Conn) StartTLS() (line.Answer, error) {
	r, err := c.Command("STARTTLS")
	return line.Answer{Accepted: r.Status == "OK", Reply: r.Words()}, err
}

// WithoutList is never called: every server of IMAP has a list.
func (c *Conn) WithoutList(line.Reply, bool) ([]string, error) { return nil, nil }

// Ready returns a violation if a list is not that of an IMAP4rev1 or IMAP4rev2
// server (RFC 9051 §7.2.2). What waits is untagged data, or an answer whose tag
// cannot be ours: the session judges it.
func (c *Conn) Ready(list []string) error {
	if list == nil {
		return nil
	}
	for _, entry := range list {
		if entry == "IMAP4REV1" || entry == "IMAP4REV2" {
			return nil
		}
	}
	return wire.Violation(policy.ErrMalformed, "CAPABILITY "+strings.Join(list, " "))
}
