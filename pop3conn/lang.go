package pop3conn

import (
	"context"
	"errors"
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
)

// Language is a language that a server can use in the texts of its replies.
type Language struct {
	Tag         string // RFC 5646, such as "de"
	Description string // made printable
}

var errTag = errors.New(`pop3conn: a language is letters, digits and "-", at most 64 of them, or "*"`)

// Lang asks for another language in the texts of replies (RFC 6856 §3). The tag "*" leaves
// the choice to the server. The codes of errors do not depend on the language.
func (c *Client) Lang(ctx context.Context, tag string) error {
	const longest = 64
	odd := func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-')
	}
	if tag != "*" && (tag == "" || len(tag) > longest || strings.ContainsFunc(tag, odd)) {
		return errTag
	}
	_, err := c.command(ctx, "LANG "+tag)
	return err
}

// Languages returns the languages that the server has for [Client.Lang].
func (c *Client) Languages(ctx context.Context) ([]Language, error) {
	var list []Language
	err := c.multiline(ctx, "LANG", func(line string) {
		if tag, description := cutWord(line); tag != "" {
			list = append(list, Language{wire.Printable(tag), wire.Printable(description)})
		}
	})
	return list, err
}

// UTF8 reports whether the session is in UTF-8 mode, which Options.UTF8 asks for.
func (c *Client) UTF8() bool { return c.utf8 }
