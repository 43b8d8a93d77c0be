package auth

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// witness passes an authentication on and remembers what was said in it, so
// that a server which repeats its input cannot carry a secret into an error.
type witness struct {
	Carrier
	said [][]byte
}

func (w *witness) Start(mechanism string, ir []byte) (Answer, bool, error) {
	w.said = append(w.said, ir)
	return w.Carrier.Start(mechanism, ir)
}

func (w *witness) Respond(response []byte) (Answer, error) {
	w.said = append(w.said, response)
	return w.Carrier.Respond(response)
}

// Stamp and LoginDigest make a witness of a [Stamper] one too.
func (w *witness) Stamp() string { return site{Carrier: w.Carrier}.stamp() }

func (w *witness) LoginDigest(user, digest string) (Answer, error) {
	w.said = append(w.said, []byte(digest))
	return w.Carrier.(Stamper).LoginDigest(user, digest)
}

func (w *witness) Login(user, password string) (Answer, error) {
	w.said = append(w.said, []byte(password))
	return w.Carrier.Login(user, password)
}

// clean takes what was said out of a server's words: every message as it went
// over the wire and as it was before, and the words that it is made of, in any
// case, and the beginning of any of these where the words were cut off.
func (w *witness) clean(words string) string {
	for _, message := range w.said {
		for _, form := range forms(string(message)) {
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
func (w *witness) cleanError(err error) error {
	var broken *policy.Violation
	if errors.As(err, &broken) {
		broken.Reply = w.clean(broken.Reply)
	}
	var closed *wire.Closed
	if errors.As(err, &closed) {
		closed.Reply, closed.Partial = w.clean(closed.Reply), w.clean(closed.Partial)
	}
	var failed *Error
	if errors.As(err, &failed) {
		failed.Reply = w.clean(failed.Reply)
	}
	return err
}

// cleanToken does it for what a server says about a token.
func (w *witness) cleanToken(e *TokenError) *TokenError {
	return &TokenError{
		Status:    w.clean(e.Status),
		Scope:     w.clean(e.Scope),
		Discovery: w.clean(e.Discovery),
	}
}
