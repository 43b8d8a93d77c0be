package main

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"mime"
	"strings"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
)

func (n notice) envelope(from string) smtpconn.Envelope {
	return smtpconn.Envelope{From: from, To: []string{n.To}}
}

// message returns the text as a message of plain ASCII, which every relay takes.
// What is in the header cannot end its line: addresses are checked by the
// envelope, and a subject that is not printable ASCII is encoded.
func (n notice) message(from string) string {
	_, domain, _ := strings.Cut(from, "@")
	var b strings.Builder
	fmt.Fprintf(&b, "From: <%s>\r\nTo: <%s>\r\nSubject: %s\r\n", from, n.To, mime.QEncoding.Encode("utf-8", n.Subject))
	fmt.Fprintf(&b, "Date: %s\r\nMessage-ID: <%s@%s>\r\n", time.Now().Format(time.RFC1123Z), rand.Text(), domain)
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	text := base64.StdEncoding.EncodeToString([]byte(n.Text))
	for len(text) > 76 {
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	b.WriteString(text + "\r\n")
	return b.String()
}
