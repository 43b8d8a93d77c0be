package smtplogin

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/line"
	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/wire"
)

// transport carries an authentication in SMTP's lines (RFC 4954).
type transport struct {
	lines smtpline.Conn
	caps  []string
}

var _ auth.Transport = (*transport)(nil)

func (t *transport) Mechanisms() []string {
	list, _ := wire.Params(t.caps, "AUTH")
	return strings.Fields(list)
}

// maxCommand is the longest command line, CRLF included (RFC 5321 §4.5.3.1.4).
const maxCommand = 512

// Start sends the initial response along if the line does not become too long
// for it (RFC 4954 §4).
func (t *transport) Start(mechanism string, ir []byte) (auth.Answer, bool, error) {
	command, sent := line.AuthCommand("AUTH", mechanism, ir, maxCommand)
	a, err := t.say(command)
	return a, sent, err
}

func (t *transport) Respond(response []byte) (auth.Answer, error) {
	return t.say(base64.StdEncoding.EncodeToString(response))
}

func (t *transport) Cancel() error {
	_, err := t.lines.Command("*")
	return err
}

func (t *transport) say(line string) (auth.Answer, error) {
	r, err := t.lines.Command(line)
	if err != nil {
		return auth.Answer{}, err
	}
	switch {
	case r.Code == 334:
		return auth.Answer{Status: auth.Challenge, Challenge: strings.ReplaceAll(r.Text, "\n", "")}, nil
	case r.Code == 235:
		return auth.Answer{Status: auth.Accepted}, nil
	case r.Refused():
		return loginRefusal(r), nil
	}
	return auth.Answer{}, &auth.Error{Kind: auth.KindProtocol, Reply: wire.Printable(r.String())}
}

// loginRefusal reads a reply 4yz or 5yz.
func loginRefusal(r smtpline.Reply) auth.Answer {
	first, _, _ := strings.Cut(r.Text, "\n")
	enhanced, _, _ := strings.Cut(first, " ")
	enhanced = strings.Trim(enhanced, "#:,;()[]")
	basic := strconv.Itoa(r.Code)
	for _, row := range refusals {
		if row.code == enhanced || row.code == basic {
			a := auth.Answer{Kind: row.kind, Guessed: row.guessed, Code: row.code, Reply: r.String()}
			a.Transient = r.Code < 500 && row.kind != auth.KindExpired
			return a
		}
	}
	a := auth.Answer{Kind: auth.KindRefused, Guessed: true, Code: basic, Reply: r.String()}
	if r.Code < 500 {
		a.Kind, a.Guessed, a.Transient = auth.KindTemporary, false, true
	}
	return a
}

// refusals are the enhanced status codes, and then the reply codes, that tell why a
// login was refused (RFC 4954 §6, RFC 5248 §2, RFC 3463 §3.8), and others that
// servers send.
var refusals = []struct {
	code    string
	kind    auth.Kind
	guessed bool
}{
	{"5.7.8", auth.KindCredentials, false},
	{"5.7.139", auth.KindRefused, true}, // its words tell
	{"5.7.14", auth.KindSecondFactor, false},
	{"4.7.12", auth.KindExpired, false},
	{"5.7.12", auth.KindExpired, false},
	{"5.2.1", auth.KindDisabled, false},
	{"5.7.13", auth.KindDisabled, false},
	{"5.7.30", auth.KindDisabled, false},
	{"4.3.2", auth.KindLimit, false},
	{"5.7.10", auth.KindTLSRequired, false},
	{"5.7.11", auth.KindTLSRequired, false},
	{"5.5.4", auth.KindMechanism, false},
	{"5.5.6", auth.KindMechanism, false},
	{"5.7.4", auth.KindMechanism, false},
	{"5.7.9", auth.KindMechanism, false},

	{"432", auth.KindExpired, false},
	{"500", auth.KindMechanism, false},
	{"501", auth.KindMechanism, false},
	{"502", auth.KindMechanism, false},
	{"503", auth.KindMechanism, false},
	{"504", auth.KindMechanism, false},
	{"530", auth.KindTLSRequired, false},
	{"534", auth.KindMechanism, false},
	{"535", auth.KindCredentials, true},
	{"538", auth.KindTLSRequired, false},
}

// Finish makes sure that nothing is left of the exchange.
func (t *transport) Finish() error { return t.lines.Ready(nil) }
