package pop3conn

import (
	"context"
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
)

// What bounds a list.
const (
	maxMessages = 1 << 20  // lines
	maxList     = 64 << 20 // bytes
	maxID       = 512      // bytes of an identifier; RFC 1939 §7 allows 70
)

// parser reads a line of a list. It is false for a line without a number.
type parser func(line string) (Listing, bool)

// multiline sends a command and gives row each line of the reply that can be read.
func (c *Client) multiline(ctx context.Context, verb string, row func(line string)) error {
	if err := c.begin(ctx); err != nil {
		return err
	}
	defer c.done()
	if _, err := c.exchange(verb); err != nil {
		return err
	}
	return c.rows(row)
}

// rows is multiline after the status line. Each 16 KiB of them have the time of a reply.
func (c *Client) rows(row func(line string)) error {
	c.lines.Renew(wire.Limits{Line: wire.Greeting().Line, Lines: maxMessages + 1, Total: maxList})
	c.link.expect()
	err := c.lines.Multiline(func(line string, odd error) error {
		c.link.progress(len(line))
		if odd == nil {
			row(line)
		}
		return nil
	})
	if err != nil {
		return c.fail(err)
	}
	return nil
}

// collect returns a row function that appends to list. The list grows as its lines
// arrive: no number of the server's is believed before.
func collect(list *[]Listing, parse parser) func(line string) {
	return func(line string) {
		if l, ok := parse(line); ok && l.Msg > 0 {
			*list = append(*list, l)
		}
	}
}

// parseSize reads "number size", with any blanks. What may follow after another
// blank is the server's own (RFC 1939 §5).
func parseSize(line string) (Listing, bool) {
	number, rest := cutWord(line)
	word, _ := cutWord(rest)
	size, err := strconv.ParseInt(word, 10, 64)
	if err != nil || word[0] < '0' || word[0] > '9' {
		size = -1
	}
	msg, ok := parseNumber(number)
	return Listing{Msg: msg, Size: size}, ok
}

// parseID reads "number identifier", with any blanks before and after both. The
// identifier may have blanks inside, and everything else that it must not have.
func parseID(line string) (Listing, bool) {
	number, id := cutWord(line)
	if id = strings.TrimRight(id, blanks); len(id) > maxID {
		id = ""
	}
	msg, ok := parseNumber(number)
	return Listing{Msg: msg, ID: id, Size: -1}, ok
}

func parseNumber(word string) (int, bool) {
	n, err := strconv.ParseUint(word, 10, 31)
	return int(n), err == nil
}

const blanks = " \t"

// cutWord returns the first word of s, and what follows the blanks after it.
func cutWord(s string) (word, rest string) {
	s = strings.TrimLeft(s, blanks)
	if i := strings.IndexAny(s, blanks); i >= 0 {
		return s[:i], strings.TrimLeft(s[i:], blanks)
	}
	return s, ""
}
