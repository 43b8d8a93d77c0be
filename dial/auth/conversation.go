package auth

import "strings"

// conversation is an authentication over its Transport. It keeps account of what
// the server was sent: what it says is judged by that, and freed of the secret.
type conversation struct {
	Transport
	redactor
	using *mechanism // the mechanism of the attempt under way
	sent  int32      // how many messages of its exchange were sent
	shown bool       // the secret was among them
}

// begin begins an attempt.
func (c *conversation) begin(m *mechanism) { c.using, c.sent, c.shown = m, 0, false }

// start sends the command that begins an exchange, with the initial response if
// the protocol allows that.
func (c *conversation) start(mechanism string, ir []byte) (a Answer, sent bool, err error) {
	a, sent, err = c.Start(mechanism, ir)
	if sent && ir != nil {
		c.account(ir)
	}
	return c.read(a), sent, err
}

// respond sends a response.
func (c *conversation) respond(response []byte) (Answer, error) {
	c.account(response)
	return c.repeat(response)
}

// repeat sends a response that the server has been sent and did not take.
func (c *conversation) repeat(response []byte) (Answer, error) {
	a, err := c.Respond(response)
	return c.read(a), err
}

// login sends the protocol's own command.
func (c *conversation) login(user, password string) (Answer, error) {
	a, err := c.Transport.(LoginTransport).Login(user, password)
	c.sent, c.shown = 1, !a.Unsent
	return c.read(a), err
}

// loginDigest sends the protocol's command for a digest of the password.
func (c *conversation) loginDigest(user, digest string) (Answer, error) {
	c.Hide(digest)
	a, err := c.Transport.(DigestTransport).LoginDigest(user, digest)
	c.sent, c.shown = 1, true
	return c.read(a), err
}

// account notes a message that is sent, and what is secret in it.
func (c *conversation) account(message []byte) {
	c.sent++
	if c.sent <= c.using.public {
		return
	}
	c.shown = true
	if c.using.open || len(message) == 0 {
		return
	}
	c.HideMessage(message)
	if c.using.custom {
		c.Hide(secretPart(string(message)))
	}
}

// read makes what can be made of an answer.
func (c *conversation) read(a Answer) Answer {
	if a.Status == Refused {
		if a = judge(a, c.sent > 0, c.shown); a.early && c.sent > 0 {
			a.advice = "The server refused the login before it was shown a password: it may not know this user, or not take this way to log in."
		}
	}
	return a
}

// secretPart returns what is likely to be the secret in the message of a mechanism
// that is not known: the last of its parts, as in PLAIN and OAUTHBEARER.
func secretPart(message string) string {
	parts := strings.FieldsFunc(message, func(r rune) bool { return r <= 1 })
	if len(parts) == 0 {
		return message
	}
	return strings.TrimPrefix(parts[len(parts)-1], "auth=Bearer ")
}
