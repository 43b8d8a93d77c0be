package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"mime"
	"strings"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
)

// notice is a line of the input, or the body of a request.
type notice struct {
	ID      string    `json:"id"`
	To      string    `json:"to"`
	Date    time.Time `json:"date"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	Do      string    `json:"do"` // with a message that is there; "" sends one
}

func (n notice) envelope(from string) smtpconn.Envelope {
	return smtpconn.Envelope{From: from, To: []string{n.To}}
}

// message returns the text as a message of plain ASCII, which every relay takes. The
// same notice is the same message, byte for byte, or the outbox could not tell that it
// has it. What is in the header cannot end its line: addresses are checked by the
// envelope, and a subject that is not printable ASCII is encoded.
func (n notice) message(from string) string {
	_, domain, _ := strings.Cut(from, "@")
	var b strings.Builder
	fmt.Fprintf(&b, "From: <%s>\r\nTo: <%s>\r\nSubject: %s\r\n", from, n.To, mime.QEncoding.Encode("utf-8", n.Subject))
	fmt.Fprintf(&b, "Date: %s\r\nMessage-ID: <%x@%s>\r\n", n.Date.Format(time.RFC1123Z), sha256.Sum256([]byte(n.ID)), domain)
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	text := base64.StdEncoding.EncodeToString([]byte(n.Text))
	for len(text) > 76 {
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	b.WriteString(text + "\r\n")
	return b.String()
}
