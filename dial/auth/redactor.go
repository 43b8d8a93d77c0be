package auth

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// conversation is an authentication over its Transport. It remembers what was
// said in it, so that a server which repeats its input cannot carry a secret into
// an error.
type conversation struct {
	Transport
	redactor
}

func (c *conversation) start(mechanism string, ir []byte) (Answer, bool, error) {
	c.hide(string(ir))
	return c.Start(mechanism, ir)
}

func (c *conversation) respond(response []byte) (Answer, error) {
	c.hide(string(response))
	return c.Respond(response)
}

func (c *conversation) login(user, password string) (Answer, error) {
	c.hide(password)
	return c.Transport.(LoginTransport).Login(user, password)
}

// redactor takes secrets out of a server's words.
type redactor struct{ said []string }

// hide has a message taken out from here on.
func (r *redactor) hide(message string) { r.said = append(r.said, message) }

// clean takes what was said out of a server's words: every message as it went
// over the wire and as it was before, and the words that it is made of, in any
// case, and the beginning of any of these where the words were cut off.
func (r *redactor) clean(words string) string {
	for _, message := range r.said {
		for _, form := range forms(message) {
			words = cleanEnd(replaceFold(words, form), form)
		}
	}
	return words
}

// forms returns how a message may look in a server's answer, whole ones first.
func forms(message string) []string {
	if message == "" {
		return nil
	}
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(message)
	list := []string{base64.StdEncoding.EncodeToString([]byte(message)), message, quoted}
	list = append(list, strings.FieldsFunc(message, func(r rune) bool { return r <= 1 })...)
	for _, word := range strings.FieldsFunc(message, func(r rune) bool { return r <= ' ' || r == '=' || r == ',' }) {
		if len(word) >= leastPart {
			list = append(list, word)
		}
	}
	for _, form := range list {
		list = append(list, wire.Printable(form)) // as errors have it
	}
	return list
}

// replaceFold replaces each secret in s, whatever the case of its ASCII.
func replaceFold(s, secret string) string {
	if secret == "" {
		return s
	}
	upper := wire.Upper(secret)
	for from := 0; ; {
		i := strings.Index(wire.Upper(s[from:]), upper)
		if i < 0 {
			return s
		}
		s = s[:from+i] + hidden + s[from+i+len(secret):]
		from += i + len(hidden)
	}
}

// leastPart is how much of a secret at the end of a text is taken for it.
const leastPart = 4

func cleanEnd(words, secret string) string {
	body := strings.TrimSuffix(words, "...")
	for n := len(secret) - 1; n >= leastPart; n-- {
		if cut := len(body) - n; cut >= 0 && wire.Upper(body[cut:]) == wire.Upper(secret[:n]) {
			return body[:cut] + hidden
		}
	}
	return words
}

// cleanError does the same for the server's words in an error of the protocol.
func (r *redactor) cleanError(err error) error {
	if err == nil {
		return nil
	}
	var broken *policy.Violation
	if errors.As(err, &broken) {
		broken.Reply = r.clean(broken.Reply)
	}
	var closed *wire.Closed
	if errors.As(err, &closed) {
		closed.Reply, closed.Partial = r.clean(closed.Reply), r.clean(closed.Partial)
	}
	var failed *Error
	if errors.As(err, &failed) {
		failed.Reply = r.clean(failed.Reply)
	}
	return err
}

// cleanToken does it for what a server says about a token.
func (r *redactor) cleanToken(e *TokenError) *TokenError {
	return &TokenError{
		Status:    r.clean(e.Status),
		Scope:     r.clean(e.Scope),
		Discovery: r.clean(e.Discovery),
	}
}
