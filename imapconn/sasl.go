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

// transport carries an authentication in IMAP's lines (RFC 9051 §6.2.2, §6.2.3).
type transport struct {
	*beginning
	caps []string // before authentication
	tag  string
}

var _ auth.LoginTransport = (*transport)(nil)

func (t *transport) has(capability string) bool { return slices.Contains(t.caps, capability) }

func (t *transport) Mechanisms() []string {
	var list []string
	for _, entry := range t.caps {
		if m, ok := strings.CutPrefix(entry, "AUTH="); ok {
			list = append(list, m)
		}
	}
	return list
}

// Start sends the initial response along only where that is allowed: with
// SASL-IR (RFC 4959 §3) or IMAP4rev2.
func (t *transport) Start(mechanism string, ir []byte) (auth.Answer, bool, error) {
	command := "AUTHENTICATE " + mechanism
	sent := ir != nil && (t.has("SASL-IR") || t.has("IMAP4REV2"))
	switch {
	case sent && len(ir) == 0:
		command += " ="
	case sent:
		command += " " + base64.StdEncoding.EncodeToString(ir)
	}
	if err := t.start(command); err != nil {
		return auth.Answer{}, false, err
	}
	a, err := t.answer()
	return a, sent, err
}

// start sends a command that may log in, after which nothing is known of the
// server's capabilities but what it says from here on.
func (t *transport) start(command string) (err error) {
	t.beginning.caps = nil
	t.tag, err = t.line.Start(command)
	return err
}

// Finish asks for the capabilities if the login did not bring them.
func (t *transport) Finish() error { return t.refresh() }

func (t *transport) Respond(response []byte) (auth.Answer, error) {
	if err := t.line.Send(base64.StdEncoding.EncodeToString(response)); err != nil {
		return auth.Answer{}, err
	}
	return t.answer()
}

func (t *transport) Cancel() error {
	if err := t.line.Send("*"); err != nil {
		return err
	}
	_, err := t.line.Wait(t.tag)
	return err
}

func (t *transport) answer() (auth.Answer, error) {
	r, err := t.line.Wait(t.tag)
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

// LoginCommand is the command LOGIN, unless the server bars it (RFC 9051 §6.2.3).
func (t *transport) LoginCommand() (name string, taken bool) {
	return "IMAP LOGIN", !t.has("LOGINDISABLED")
}

// Login sends LOGIN, in several lines if there are literals in it.
func (t *transport) Login(user, password string) (auth.Answer, error) {
	lines := loginLines(user, password)
	if err := t.start(lines[0]); err != nil {
		return auth.Answer{}, err
	}
	for _, line := range lines[1:] {
		r, err := t.line.Wait(t.tag)
		switch {
		case err != nil:
			return auth.Answer{}, err
		case r.Tag != "+" && r.Status == "OK":
			return auth.Answer{}, errOutOfStep()
		case r.Tag != "+":
			return final(r), nil
		}
		if err := t.line.Send(line); err != nil {
			return auth.Answer{}, err
		}
	}
	a, err := t.answer()
	if err == nil && a.Status == auth.Challenge {
		err = errOutOfStep()
	}
	return a, err
}

func errOutOfStep() error {
	return &auth.Error{Kind: auth.KindProtocol, Err: errors.New("answer out of step")}
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
