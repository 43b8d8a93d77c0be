package imapconn

import "math"

// unaskedLiteral returns how long a literal may be that is sent without the server's
// consent; -1 if none may.
func (c *Client) unaskedLiteral() int64 {
	switch {
	case c.lists("LITERAL+"):
		return math.MaxInt64
	case c.lists("LITERAL-", "IMAP4REV2"):
		return 4096
	}
	return -1
}
