package imapconn

import (
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

var errMailbox = errors.New("imapconn: the name of a mailbox is empty, or has a control character, or is no UTF-8")

// quotedMailbox returns a mailbox's name as it stands in a command: in modified UTF-7
// (RFC 3501 §5.1.3), or in UTF-8 if that was enabled (RFC 6855 §3).
func quotedMailbox(name string, inUTF8 bool) (string, error) {
	if name == "" || !utf8.ValidString(name) || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return "", errMailbox
	}
	if !inUTF8 {
		name = modifiedUTF7(name)
	}
	return quoted(name), nil
}

// quoted returns a quoted string.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// modifiedUTF7 encodes what is not ASCII as base64 of UTF-16 between "&" and "-".
func modifiedUTF7(name string) string {
	var out strings.Builder
	var other []rune
	flush := func() {
		if len(other) == 0 {
			return
		}
		var units []byte
		for _, u := range utf16.Encode(other) {
			units = append(units, byte(u>>8), byte(u))
		}
		coded := base64.RawStdEncoding.EncodeToString(units)
		out.WriteString("&" + strings.ReplaceAll(coded, "/", ",") + "-")
		other = nil
	}
	for _, c := range name {
		switch {
		case c > '~':
			other = append(other, c)
			continue
		case c == '&':
			flush()
			out.WriteString("&-")
		default:
			flush()
			out.WriteRune(c)
		}
	}
	flush()
	return out.String()
}
