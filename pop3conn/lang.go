package pop3conn

import (
	"errors"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
)

// Language is one that a server can speak in its texts.
type Language struct {
	Tag         string // RFC 5646, such as "de"
	Description string // made printable
}

var errTag = errors.New(`pop3conn: a language is letters, digits and "-", at most 64 of them, or "*"`)

// Lang asks for another language in the texts of replies (RFC 6856 §3); "*" is
// the server's own choice. Errors are told apart by their codes, whatever the
// language.
func (c *Client) Lang(tag string) error {
	const longest = 64
	odd := func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-')
	}
	if tag != "*" && (tag == "" || len(tag) > longest || strings.ContainsFunc(tag, odd)) {
		return errTag
	}
	_, err := c.ask("LANG " + tag)
	return err
}

// Languages returns what Lang may be given.
func (c *Client) Languages() ([]Language, error) { return all(c, "LANG", parseLanguage) }

func parseLanguage(line string) (Language, bool) {
	tag, description, _ := strings.Cut(line, " ")
	return Language{wire.Printable(tag), wire.Printable(description)}, tag != ""
}

// UTF8 reports whether the session is in UTF-8 mode, see Options.
func (c *Client) UTF8() bool { return c.utf8 }

// enterUTF8 says UTF8, which must come before the login and behind STLS
// (RFC 6856 §2.1).
func (b *beginning) enterUTF8() error {
	if _, listed := wire.Params(b.caps, "UTF8"); !listed || !b.opts.UTF8 {
		return nil
	}
	b.setup.Enter(dial.PhaseCapability)
	r, err := b.lines.Command("UTF8")
	b.utf8 = err == nil && r.OK
	return err
}
