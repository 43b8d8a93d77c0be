package auth

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
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

func (w *witness) Login(user, password string) (Answer, error) {
	w.said = append(w.said, []byte(password))
	return w.Carrier.Login(user, password)
}

// words makes a server's reply fit to be shown: without any message of ours as
// it went over the wire or as it was before, and without the parts that NUL
// and ^A divide it into.
func (w *witness) words(reply string) string {
	for _, message := range w.said {
		if len(message) == 0 {
			continue
		}
		forms := strings.FieldsFunc(string(message), func(r rune) bool { return r <= 1 })
		forms = append(forms, string(message), base64.StdEncoding.EncodeToString(message))
		for _, form := range slices.Backward(forms) { // whole ones first
			reply = strings.ReplaceAll(reply, form, hidden)
		}
	}
	return wire.Printable(reply)
}
