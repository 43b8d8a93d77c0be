package pop3conn

import (
	"strings"

	"github.com/mailconn/mailconn/dial/auth"
)

// stamp returns the time stamp in a greeting (RFC 1939 §7), "" without one.
// Behind a STARTTLS there is no greeting, and so never one from the clear.
func stamp(greeting string) string {
	start := strings.IndexByte(greeting, '<')
	if start < 0 {
		return ""
	}
	end := strings.IndexByte(greeting[start:], '>')
	if end < 0 {
		return ""
	}
	return greeting[start : start+end+1]
}

func (c *carrier) Stamp() string { return c.stamp }

// LoginDigest sends APOP.
func (c *carrier) LoginDigest(user, digest string) (auth.Answer, error) {
	line := "APOP " + user + " " + digest
	if err := c.checkLine(line); err != nil {
		return auth.Answer{}, err
	}
	reply, err := c.say(line)
	if err != nil {
		return auth.Answer{}, err
	}
	return c.final(reply)
}
