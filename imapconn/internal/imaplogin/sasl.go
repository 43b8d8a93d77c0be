package imaplogin

import (
	"encoding/base64"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/line"
	imapline "github.com/mailconn/mailconn/internal/line/imap"
	"github.com/mailconn/mailconn/internal/wire"
)

// transport carries an authentication in IMAP's lines (RFC 9051 §6.2.2, §6.2.3).
type transport struct {
	*beginning
	caps []string // before authentication
	tag  string
	// aside is what the server has said untagged against the command: it may tell what
	// the tagged refusal does not.
	aside string
}

var (
	_ auth.LoginTransport  = (*transport)(nil)
	_ auth.NoticeTransport = (*transport)(nil)
)

// Redact has the alerts of the login go through redact.
func (t *transport) Redact(redact func(string) string) { t.redact = redact }

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
	if !t.has("SASL-IR") && !t.has("IMAP4REV2") {
		ir = nil
	}
	command, sent := line.AuthCommand("AUTHENTICATE", mechanism, ir, math.MaxInt)
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
	t.aside, t.line.Observe = "", t.observe
	t.tag, err = t.line.Start(command)
	return err
}

// maxAside is how many bytes of untagged refusals are kept.
const maxAside = 512

// observe is that of the beginning, and keeps untagged refusals and alerts.
func (t *transport) observe(r imapline.Response) {
	against := r.Status == "NO" || r.Status == "BAD" || r.Code == "ALERT" || r.Code == "WEBALERT"
	if r.Tag == "*" && against && len(t.aside) < maxAside {
		t.aside += "; " + r.Line
	}
	t.beginning.observe(r)
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
	return t.final(r), nil
}

// final reads a tagged response.
func (t *transport) final(r imapline.Response) auth.Answer {
	if r.Status == "OK" {
		return auth.Answer{Status: auth.Accepted}
	}
	a := auth.Answer{Kind: auth.KindRefused, Guessed: true, Transient: r.Transient(), Reply: r.Line + t.aside}
	kind, known := codes[r.Code]
	switch {
	case known:
		a.Kind, a.Guessed, a.Code = kind, false, r.Code
	case r.Status == "BAD":
		a.Kind, a.Guessed = auth.KindMechanism, false // the command as such was not understood
	case r.Code == "": // what servers say that are older than RFC 5530
		a.Kind, a.Ambiguous = auth.KindCredentials, true
	}
	return a
}

// codes are the response codes that tell why a login was refused (RFC 9051 §7.1,
// RFC 5530 §3), and others that servers send.
var codes = map[string]auth.Kind{
	"AUTHENTICATIONFAILED": auth.KindCredentials,
	"AUTHORIZATIONFAILED":  auth.KindDisabled, // the password is right, and does not let the user in here
	"NOPERM":               auth.KindDisabled,
	"EXPIRED":              auth.KindExpired,
	"WEBALERT":             auth.KindSecondFactor,
	"UNAVAILABLE":          auth.KindTemporary,
	"SERVERBUG":            auth.KindTemporary,
	"LIMIT":                auth.KindLimit,
	"OVERQUOTA":            auth.KindLimit,
	"THROTTLED":            auth.KindLimit,
	"INUSE":                auth.KindInUse,
	"PRIVACYREQUIRED":      auth.KindTLSRequired,
	"CANNOT":               auth.KindMechanism,
	"CLIENTBUG":            auth.KindMechanism,
	"CONTACTADMIN":         auth.KindRefused,
	"CORRUPTION":           auth.KindRefused,
	"REFERRAL":             auth.KindRefused,
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
			a := t.final(r)
			a.Unsent = true // the password is in the last line
			return a, nil
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
