package imapd

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// utf7 is the base64 of mailbox names (RFC 3501 §5.1.3).
var utf7 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)

// encodeName returns a mailbox's name in modified UTF-7.
func encodeName(name string) string {
	var b strings.Builder
	var shifted []rune
	flush := func() {
		if len(shifted) == 0 {
			return
		}
		var units []byte
		for _, u := range utf16.Encode(shifted) {
			units = binary.BigEndian.AppendUint16(units, u)
		}
		b.WriteString("&" + utf7.EncodeToString(units) + "-")
		shifted = nil
	}
	for _, r := range name {
		if r < 0x20 || r > 0x7e {
			shifted = append(shifted, r)
			continue
		}
		flush()
		if b.WriteRune(r); r == '&' {
			b.WriteByte('-')
		}
	}
	flush()
	return b.String()
}

// decodeName returns the name that is written in modified UTF-7, and whether it
// is written as it must be.
func decodeName(text string) (name string, ok bool) {
	var b strings.Builder
	whole := text
	for {
		plain, rest, shift := strings.Cut(text, "&")
		if b.WriteString(plain); !shift {
			break
		}
		coded, after, closed := strings.Cut(rest, "-")
		units, err := utf7.DecodeString(coded)
		if !closed || err != nil || len(units)%2 != 0 {
			return "", false
		}
		if coded == "" {
			b.WriteByte('&')
		}
		var u []uint16
		for i := 0; i < len(units); i += 2 {
			u = append(u, binary.BigEndian.Uint16(units[i:]))
		}
		b.WriteString(string(utf16.Decode(u)))
		text = after
	}
	return b.String(), encodeName(b.String()) == whole
}

// name takes a mailbox's name.
func (c *command) name() string {
	name, ok := decodeName(c.astring())
	if !ok {
		c.fail()
	}
	return name
}
