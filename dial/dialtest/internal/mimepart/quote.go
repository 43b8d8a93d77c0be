package mimepart

import (
	"fmt"
	"strings"
)

// Quote returns a string as IMAP writes it: quoted, or as a literal.
func Quote(text string) string {
	if strings.ContainsAny(text, "\r\n\x00") {
		return fmt.Sprintf("{%d}\r\n%s", len(text), text)
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
