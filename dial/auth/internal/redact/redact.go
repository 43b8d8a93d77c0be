// Package redact takes the secrets of a login out of what a server says.
package redact

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
)

// Mark stands in the place of a secret.
const Mark = "[secret]"

// Redactor takes secrets out of a server's words: whole, in the forms in which
// they were sent, and nothing else. A text from which a secret cannot be taken
// without betraying it is dropped.
type Redactor struct {
	Names    [3]string // what a secret is ordinary in: the user's name, the server's
	secrets  []string
	messages [][]byte // of mechanisms, with a secret in them

	secret  [1]string // room for what most logins have
	message [1][]byte
}

// form is how a secret may look in a server's words.
type form struct {
	text    string
	encoded bool // in base64
}

// forms returns the forms of all secrets, the longest first: as they are, as IMAP
// quotes them, and in base64.
func (r *Redactor) forms() []form {
	var list []form
	add := func(text string) {
		list = append(list, form{text: text}, form{text: wire.Printable(text)}) // as errors have it
		list = append(list, form{base64.StdEncoding.EncodeToString([]byte(text)), true})
	}
	for _, s := range r.secrets {
		add(s)
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)
		list = append(list, form{text: quoted}, form{text: wire.Printable(quoted)})
	}
	for _, m := range r.messages {
		add(string(m))
	}
	list = slices.DeleteFunc(list, func(f form) bool { return f.text == "" })
	slices.SortStableFunc(list, func(a, b form) int { return len(b.text) - len(a.text) })
	return list
}

// Hide has a secret taken out from here on.
func (r *Redactor) Hide(secret string) {
	if r.secrets == nil {
		r.secrets = r.secret[:0]
	}
	r.secrets = append(r.secrets, secret)
}

// HideMessage has a message of a mechanism taken out.
func (r *Redactor) HideMessage(message []byte) {
	if r.messages == nil {
		r.messages = r.message[:0]
	}
	r.messages = append(r.messages, message)
}

// Clean returns the words without the secrets in them, in whatever case, or "" if
// they hold a secret that is short or an ordinary word: a hole in its place would
// show it to a reader who knows how the sentence goes.
func (r *Redactor) Clean(words string) string {
	if words == "" {
		return ""
	}
	forms := r.forms()
	for _, f := range forms {
		if !r.distinct(f) && strings.Contains(wire.Upper(words), wire.Upper(f.text)) {
			return ""
		}
	}
	for _, f := range forms {
		if r.distinct(f) {
			words = replaceFold(words, f.text)
		}
	}
	return r.cleanEnd(words, forms)
}

// leastDistinct is how long a secret must be that is no ordinary word.
const leastDistinct = 8

// protocolWords are words of the protocols that look like secrets.
const protocolWords = "IMAP4REV1 IMAP4REV2 SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS SCRAM-SHA-512-PLUS CRAM-MD5 DIGEST-MD5 XOAUTH2 BASE64 UTF8=ACCEPT"

// distinct reports whether a form is in no text but for itself: it is long, has
// letters and digits, and is part of no name.
func (r *Redactor) distinct(f form) bool {
	if f.encoded {
		return true
	}
	upper := wire.Upper(f.text)
	for _, name := range append(r.Names[:], protocolWords) {
		if strings.Contains(wire.Upper(name), upper) {
			return false
		}
	}
	digit := strings.ContainsAny(upper, "0123456789")
	letter := strings.ContainsFunc(upper, func(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 0x80 })
	return len(f.text) >= leastDistinct && digit && letter
}

// replaceFold replaces each secret in s, whatever the case of its ASCII.
func replaceFold(s, secret string) string {
	upper, secret := wire.Upper(s), wire.Upper(secret)
	var b strings.Builder
	for {
		i := strings.Index(upper, secret)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i] + Mark)
		s, upper = s[i+len(secret):], upper[i+len(secret):]
	}
}

// cleanEnd takes out the beginning of a secret at the end of the words, where they
// were cut off.
func (r *Redactor) cleanEnd(words string, forms []form) string {
	body, cut := strings.CutSuffix(words, "...")
	upper := wire.Upper(body)
	for _, f := range forms {
		secret := wire.Upper(f.text)
		for n := min(len(secret)-1, len(body)); n >= leastPart; n-- {
			if !strings.HasSuffix(upper, secret[:n]) {
				continue
			}
			begin, rest := form{f.text[:n], f.encoded && n >= leastDistinct}, body[:len(body)-n]
			switch {
			case r.distinct(begin):
				return rest + Mark
			case cut:
				return rest + "..."
			}
		}
	}
	return words
}

// leastPart is how much of a secret at the end of a text is taken for it.
const leastPart = 4

// CleanPartial is Clean for a line that has no end.
func (r *Redactor) CleanPartial(words string) string {
	if words == "" || strings.HasSuffix(words, "...") {
		return r.Clean(words)
	}
	return strings.TrimSuffix(r.Clean(words+"..."), "...")
}
