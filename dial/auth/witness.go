package auth

import (
	"encoding/base64"
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
)

// witness passes an authentication on and remembers what was said in it, so
// that a server which repeats its input cannot carry a secret into an error.
type witness struct {
	Carrier
	said []string
}

func (w *witness) Start(mechanism string, ir []byte) (Answer, bool, error) {
	w.remember(ir)
	return w.Carrier.Start(mechanism, ir)
}

func (w *witness) Respond(response []byte) (Answer, error) {
	w.remember(response)
	return w.Carrier.Respond(response)
}

func (w *witness) Login(user, password string) (Answer, error) {
	w.remember([]byte(password))
	return w.Carrier.Login(user, password)
}

// remember keeps a message as it went over the wire, as it was before, and the
// parts that NUL and ^A divide it into.
func (w *witness) remember(message []byte) {
	if len(message) == 0 {
		return
	}
	w.said = append(w.said, base64.StdEncoding.EncodeToString(message), string(message))
	w.said = append(w.said, strings.FieldsFunc(string(message), func(r rune) bool { return r <= 1 })...)
}

// words makes a server's reply fit to be shown.
func (w *witness) words(reply string) string {
	for _, s := range w.said {
		reply = strings.ReplaceAll(reply, s, hidden)
	}
	return wire.Printable(reply)
}
