package pop3conn

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/line/pop3"
	"github.com/mailconn/mailconn/internal/wire"
)

// transport carries an authentication in POP3's lines (RFC 5034, RFC 1939 §7).
type transport struct {
	lines    *pop3.Conn
	caps     []string
	greeting string
}

var (
	_ auth.LoginTransport  = (*transport)(nil)
	_ auth.DigestTransport = (*transport)(nil)
)

// Mechanisms returns the parameters of the capability SASL. A server that does not list
// it is not sent AUTH (RFC 5034 §3).
func (t *transport) Mechanisms() []string {
	list, _ := wire.Params(t.caps, "SASL")
	return strings.Fields(list)
}

// maxCommand is the longest command line, CRLF included (RFC 2449 §4).
const maxCommand = 255

// Start sends AUTH, with the initial response unless that makes the line too long
// (RFC 5034 §4).
func (t *transport) Start(mechanism string, ir []byte) (auth.Answer, bool, error) {
	command, sent := line.AuthCommand("AUTH", mechanism, ir, maxCommand)
	a, err := t.exchange(command)
	return a, sent, err
}

func (t *transport) Respond(response []byte) (auth.Answer, error) {
	return t.exchange(base64.StdEncoding.EncodeToString(response))
}

func (t *transport) Cancel() error {
	_, err := t.say("*")
	return err
}

// Finish returns an error if the server has said more than it was asked.
func (t *transport) Finish() error { return t.lines.Quiet() }

// exchange sends a line of a SASL exchange, and returns the answer. A challenge is "+", a
// blank, and base64 (RFC 5034 §4); some servers leave out the blank of an empty one.
func (t *transport) exchange(line string) (auth.Answer, error) {
	reply, err := t.say(line)
	if err != nil {
		return auth.Answer{}, err
	}
	indicator, text, _ := strings.Cut(reply, " ")
	if indicator != "+" {
		return t.final(reply)
	}
	return auth.Answer{Status: auth.Challenge, Challenge: text}, nil
}

// say sends one line and returns the one that answers it.
func (t *transport) say(line string) (reply string, err error) {
	if err = t.lines.Quiet(); err == nil {
		err = t.lines.Send(line)
	}
	if err == nil {
		reply, err = t.lines.ReadLine()
	}
	return reply, err
}

// final reads a status line.
func (t *transport) final(line string) (auth.Answer, error) {
	r, err := pop3.Parse(line)
	switch {
	case err != nil:
		return auth.Answer{}, err
	case r.OK:
		return auth.Answer{Status: auth.Accepted}, nil
	}
	return loginRefusal(r, t.caps), nil
}

// badProtocol is in a refusal by Cyrus that is not about the credentials. Cyrus has the
// code AUTH for every failure of SASL; these words say that the exchange itself failed.
// So do all its mechanisms with channel binding in TLS 1.3, which it lists and cannot do.
const badProtocol = "bad protocol / cancel"

// loginRefusal returns the answer for a -ERR. Without a code the credentials are the
// likeliest reason, unless the server lists AUTH-RESP-CODE: then it says so if they are
// (RFC 3206 §6).
func loginRefusal(r pop3.Reply, caps []string) auth.Answer {
	a := auth.Answer{Kind: auth.KindCredentials, Guessed: true, Code: code(r, caps), Reply: r.String()}
	a.Transient = pop3.Transient(a.Code)
	_, promised := wire.Params(caps, "AUTH-RESP-CODE")
	switch kind, known := codes[a.Code]; {
	case a.Code == pop3.CodeAuth && strings.Contains(r.Text, badProtocol):
		a.Kind = auth.KindRefused
	case known:
		a.Kind, a.Guessed = kind, false
	case promised:
		a.Kind, a.Guessed = auth.KindRefused, false
	}
	return a
}

// codes has the response codes that say why a login was refused (RFC 2449 §8.1, RFC 3206
// §4).
var codes = map[string]auth.Kind{
	pop3.CodeAuth:       auth.KindCredentials,
	pop3.CodeInUse:      auth.KindInUse,
	pop3.CodeLoginDelay: auth.KindLimit,
	pop3.CodeSysTemp:    auth.KindTemporary,
	pop3.CodeSysPerm:    auth.KindRefused,
}

// LoginCommand returns USER/PASS, which the server takes if it lists USER, or no way to
// log in at all, as servers do that are older than the list (RFC 2449 §6.2).
func (t *transport) LoginCommand() (name string, taken bool) {
	_, listed := wire.Params(t.caps, "USER")
	return "USER/PASS", listed || len(t.Mechanisms()) == 0
}

// Greeting returns the greeting for APOP. It is empty after STLS, as the server does not
// greet inside TLS then.
func (t *transport) Greeting() string { return t.greeting }

// LoginDigest sends APOP.
func (t *transport) LoginDigest(user, digest string) (auth.Answer, error) {
	line := "APOP " + user + " " + digest
	if err := t.checkLine(line); err != nil {
		return auth.Answer{}, err
	}
	reply, err := t.say(line)
	if err != nil {
		return auth.Answer{}, err
	}
	return t.final(reply)
}

var (
	errLong  = errors.New("user or password does not fit into a command of POP3")
	errASCII = errors.New("user or password is not ASCII, which the server takes neither by SASL nor in USER and PASS")
)

// Login sends USER and PASS. A password may have blanks (RFC 1939 §7). Name and password
// must be ASCII unless the server lists "UTF8 USER" (RFC 6856 §2.2).
func (t *transport) Login(user, password string) (auth.Answer, error) {
	lines := [2]string{"USER " + user, "PASS " + password}
	for _, line := range lines {
		if err := t.checkLine(line); err != nil {
			return auth.Answer{}, err
		}
	}
	var a auth.Answer
	for i, line := range lines {
		reply, err := t.say(line)
		if err == nil {
			a, err = t.final(reply)
		}
		if a.Unsent = i == 0; err != nil || a.Status != auth.Accepted {
			return a, err
		}
	}
	return a, nil
}

// checkLine returns an error if a command with a name or a password cannot be sent.
func (t *transport) checkLine(line string) error {
	switch {
	case len(line)+len("\r\n") > maxCommand:
		return &auth.Error{Kind: auth.KindMechanism, Err: errLong}
	case !wire.IsASCII(line) && !t.takesUTF8():
		return &auth.Error{Kind: auth.KindMechanism, Err: errASCII}
	}
	return nil
}

func (t *transport) takesUTF8() bool {
	params, _ := wire.Params(t.caps, "UTF8")
	return hasUser(wire.Words(params))
}
