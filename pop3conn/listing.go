package pop3conn

import (
	"strconv"
	"strings"
)

// Listing is a message's number and its size.
type Listing struct {
	Msg int // its number
	// Size is what the server says, in bytes. It is a hint: message and size
	// may differ.
	Size int64
}

// UniqueID is a message's number and the identifier that it keeps from session
// to session: 1 to 70 characters between ! and ~. It is the server's text: it
// may hold a slash or be "..", so it is no file name before it was encoded.
// Messages may share one (RFC 1939 §7).
type UniqueID struct {
	Msg int    // its number
	ID  string // the identifier
}

// maxMessages bounds the length of a list.
const maxMessages = 1 << 20

// Stat returns the number of messages that are not marked as deleted, and how
// many bytes the server says they have.
func (c *Client) Stat() (count int, size int64, err error) {
	text, err := c.ask("STAT")
	if err != nil {
		return 0, 0, err
	}
	count, size, ok := parseNumbers(text)
	if !ok {
		return 0, 0, c.malformed(text)
	}
	return count, size, nil
}

// List returns the size of a message, as the server says.
func (c *Client) List(msg int) (size int64, err error) {
	if err := c.check(msg); err != nil {
		return 0, err
	}
	text, err := c.ask("LIST", msg)
	if err != nil {
		return 0, err
	}
	if l, ok := parseListing(text); ok && l.Msg == msg {
		return l.Size, nil
	}
	return 0, c.malformed(text)
}

// ListAll returns the messages that are not marked as deleted. A list of more
// than 1,048,576 is a violation with reason policy.ErrLimit.
func (c *Client) ListAll() ([]Listing, error) { return all(c, "LIST", parseListing) }

// UIDL returns the unique identifier of a message. Not every server has one
// (RFC 1939 §7).
func (c *Client) UIDL(msg int) (id string, err error) {
	if err := c.check(msg); err != nil {
		return "", err
	}
	text, err := c.ask("UIDL", msg)
	if err != nil {
		return "", err
	}
	if u, ok := parseUniqueID(text); ok && u.Msg == msg {
		return u.ID, nil
	}
	return "", c.malformed(text)
}

// UIDLAll returns the unique identifiers of the messages that are not marked
// as deleted, with the limit of [Client.ListAll].
func (c *Client) UIDLAll() ([]UniqueID, error) { return all(c, "UIDL", parseUniqueID) }

// all asks for a list. It grows as it arrives: no number of the server's is
// believed before.
func all[T any](c *Client, verb string, parse func(string) (T, bool)) ([]T, error) {
	if _, err := c.ask(verb); err != nil {
		return nil, err
	}
	return rows(c, parse)
}

// rows reads the lines of a list.
func rows[T any](c *Client, parse func(string) (T, bool)) ([]T, error) {
	var list []T
	err := c.list(maxMessages, func(line string) bool {
		entry, ok := parse(line)
		list = append(list, entry)
		return ok
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

func parseListing(line string) (Listing, bool) {
	msg, size, ok := parseNumbers(line)
	return Listing{msg, size}, ok && msg > 0
}

// parseNumbers reads "number size". What may follow behind another blank is
// the server's own (RFC 1939 §5).
func parseNumbers(line string) (number int, size int64, ok bool) {
	first, rest, _ := strings.Cut(line, " ")
	second, _, _ := strings.Cut(rest, " ")
	n, err1 := strconv.ParseUint(first, 10, 31)
	s, err2 := strconv.ParseUint(second, 10, 63)
	return int(n), int64(s), err1 == nil && err2 == nil
}

const maxID = 70

func parseUniqueID(line string) (UniqueID, bool) {
	number, id, _ := strings.Cut(line, " ")
	n, err := strconv.ParseUint(number, 10, 31)
	odd := func(r rune) bool { return r < '!' || r > '~' }
	ok := err == nil && n > 0 && len(id) >= 1 && len(id) <= maxID && !strings.ContainsFunc(id, odd)
	return UniqueID{int(n), id}, ok
}
