package smtpconn

import (
	"encoding/base64"
	"strings"

	"github.com/mailconn/mailconn/dial/auth"
	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/wire"
)

// transport carries an authentication in SMTP's lines (RFC 4954).
type transport struct {
	lines *smtpline.Conn
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
	command := "AUTH " + mechanism
	full := command + " " + base64.StdEncoding.EncodeToString(ir)
	if len(ir) == 0 {
		full = command + " ="
	}
	sent := ir != nil && len(full)+len("\r\n") <= maxCommand
	if sent {
		command = full
	}
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
		return auth.Answer{Status: auth.Challenge, Challenge: strings.Join(r.Lines, "")}, nil
	case r.Code == 235:
		return auth.Answer{Status: auth.Accepted}, nil
	case r.Refused():
		k := refusalKind(r)
		return auth.Answer{Kind: k, Guessed: k == auth.KindRefused, Reply: r.String()}, nil
	}
	return auth.Answer{}, &auth.Error{Kind: auth.KindProtocol, Reply: wire.Printable(r.String())}
}

// refusalKind reads the code of a refusal (RFC 4954 §6, RFC 5248).
func refusalKind(r smtpline.Reply) auth.Kind {
	enhanced, _, _ := strings.Cut(r.Lines[0], " ")
	switch enhanced {
	case "5.7.8":
		return auth.KindCredentials
	case "5.7.9", "5.5.4", "5.7.30":
		return auth.KindMechanism
	case "5.7.11":
		return auth.KindTLSRequired
	case "4.7.12":
		return auth.KindExpired
	}
	switch r.Code {
	case 535:
		return auth.KindCredentials
	case 432:
		return auth.KindExpired
	case 530, 538:
		return auth.KindTLSRequired
	case 500, 501, 502, 503, 504, 534:
		return auth.KindMechanism
	}
	if r.Code < 500 {
		return auth.KindTemporary
	}
	return auth.KindRefused
}

// Finish makes sure that nothing is left of the exchange.
func (t *transport) Finish() error { return t.lines.Ready(nil) }
