package imapconn

import (
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/dial/auth"
	imapline "github.com/mailconn/mailconn/internal/line/imap"
	"github.com/mailconn/mailconn/internal/wire"
)

// carrier carries authentication in IMAP's lines (RFC 9051 §6.2.2, §6.2.3).
type carrier struct {
	*beginning
	caps []string // before authentication
	tag  string
}

var _ auth.Carrier = (*carrier)(nil)

func (c *carrier) has(capability string) bool { return slices.Contains(c.caps, capability) }

func (c *carrier) Mechanisms() []string {
	var list []string
	for _, entry := range c.caps {
		if m, ok := strings.CutPrefix(entry, "AUTH="); ok {
			list = append(list, m)
		}
	}
	return list
}

// Start sends the initial response along only where that is allowed: with
// SASL-IR (RFC 4959 §3) or IMAP4rev2.
func (c *carrier) Start(mechanism string, ir []byte) (auth.Answer, bool, error) {
	command := "AUTHENTICATE " + mechanism
	sent := ir != nil && (c.has("SASL-IR") || c.has("IMAP4REV2"))
	switch {
	case sent && len(ir) == 0:
		command += " ="
	case sent:
		command += " " + base64.StdEncoding.EncodeToString(ir)
	}
	if err := c.start(command); err != nil {
		return auth.Answer{}, false, err
	}
	a, err := c.answer()
	return a, sent, err
}

// start sends a command that may log in, after which nothing is known of the
// server's capabilities but what it says from here on.
func (c *carrier) start(command string) (err error) {
	c.beginning.caps = nil
	c.tag, err = c.line.Start(command)
	return err
}

// Finish asks for the capabilities if the login did not bring them.
func (c *carrier) Finish() error { return c.refresh() }

func (c *carrier) Respond(response []byte) (auth.Answer, error) {
	if err := c.line.Send(base64.StdEncoding.EncodeToString(response)); err != nil {
		return auth.Answer{}, err
	}
	return c.answer()
}

func (c *carrier) Cancel() error {
	if err := c.line.Send("*"); err != nil {
		return err
	}
	_, err := c.line.Wait(c.tag)
	return err
}

func (c *carrier) answer() (auth.Answer, error) {
	r, err := c.line.Wait(c.tag)
	switch {
	case err != nil:
		return auth.Answer{}, err
	case r.Tag == "+":
		return auth.Answer{Status: auth.Challenge, Challenge: r.Text}, nil
	}
	return final(r), nil
}

// final reads a tagged response.
func final(r imapline.Response) auth.Answer {
	if r.Status == "OK" {
		return auth.Answer{Status: auth.Accepted}
	}
	return auth.Answer{Kind: kind(r), Guessed: r.Status == "NO" && r.Code == "", Reply: r.Line}
}

// kind reads the response code of a refusal (RFC 9051 §7.1).
func kind(r imapline.Response) auth.Kind {
	switch r.Code {
	case "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED":
		return auth.KindCredentials
	case "UNAVAILABLE", "LIMIT":
		return auth.KindTemporary
	case "INUSE":
		return auth.KindInUse
	case "EXPIRED":
		return auth.KindExpired
	case "PRIVACYREQUIRED":
		return auth.KindTLSRequired
	case "CANNOT":
		return auth.KindMechanism
	}
	switch {
	case r.Status == "BAD":
		return auth.KindMechanism // the command as such was not understood
	case r.Code == "":
		return auth.KindCredentials // what servers without RFC 5530 say
	}
	return auth.KindRefused
}

// OwnLogin is the command LOGIN, unless the server bars it (RFC 9051 §6.2.3).
func (c *carrier) OwnLogin() string {
	if c.has("LOGINDISABLED") {
		return ""
	}
	return "IMAP LOGIN"
}

// Login sends LOGIN, in several lines if there are literals in it.
func (c *carrier) Login(user, password string) (auth.Answer, error) {
	lines := loginLines(user, password)
	for i, line := range lines {
		if err := c.sendLogin(i == 0, line); err != nil {
			return auth.Answer{}, err
		}
		r, err := c.line.Wait(c.tag)
		last := i == len(lines)-1
		switch {
		case err != nil:
			return auth.Answer{}, err
		case r.Tag == "+" && !last:
		case r.Tag == "+" || r.Status == "OK" && !last:
			return auth.Answer{}, &auth.Error{Kind: auth.KindProtocol, Err: errors.New("answer out of step")}
		default:
			return final(r), nil
		}
	}
	return auth.Answer{}, nil // not reached: there is a last line
}

func (c *carrier) sendLogin(first bool, line string) error {
	if first {
		return c.start(line)
	}
	return c.line.Send(line)
}

// loginLines returns the command, broken behind the head of each literal. What
// is not ASCII does not fit into a quoted string (RFC 9051 §9).
func loginLines(user, password string) []string {
	lines := []string{"LOGIN"}
	for _, arg := range []string{user, password} {
		last := &lines[len(lines)-1]
		if quoted, ok := quote(arg); ok {
			*last += " " + quoted
			continue
		}
		*last += " {" + strconv.Itoa(len(arg)) + "}"
		lines = append(lines, arg)
	}
	return lines
}

func quote(s string) (string, bool) {
	if !wire.IsASCII(s) {
		return "", false
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`, true
}
