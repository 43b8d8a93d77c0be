package pop3conn

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Listing is what a server lists of a message.
type Listing struct {
	Msg int // the message's number in this session, from 1
	// ID is its unique identifier, which it keeps from session to session: by
	// RFC 1939 §7, 1 to 70 characters between ! and ~. The server chooses it, and it may
	// have slashes or be "..": encode it before it becomes a file name. Several
	// messages may have the same ID. It is empty if it was not asked for.
	ID string
	// Size is how many bytes the message has, as the server says, which may be wrong.
	// It is -1 if it was not asked for, or if the server did not say.
	Size int64
}

// Stat returns the number of messages that are not marked as deleted, and how many
// bytes the server says they have.
func (c *Client) Stat(ctx context.Context) (count int, size int64, err error) {
	text, err := c.command(ctx, "STAT")
	if err != nil {
		return 0, 0, err
	}
	if l, ok := parseSize(text); ok && l.Size >= 0 {
		return l.Msg, l.Size, nil
	}
	return 0, 0, c.fail(wire.Violation(policy.ErrMalformed, "+OK "+text))
}

// List returns the size of a message, as the server says.
func (c *Client) List(ctx context.Context, msg int) (size int64, err error) {
	l, err := c.one(ctx, "LIST", msg, parseSize)
	return l.Size, err
}

// UIDL returns the unique identifier of a message. Not every server has one
// (RFC 1939 §7).
func (c *Client) UIDL(ctx context.Context, msg int) (id string, err error) {
	l, err := c.one(ctx, "UIDL", msg, parseID)
	return l.ID, err
}

// one asks for the listing of one message. A reply with the number of another message is
// not the reply to this command, and ends the session. One that cannot be read does not.
func (c *Client) one(ctx context.Context, verb string, msg int, parse parser) (Listing, error) {
	if err := c.check(msg); err != nil {
		return Listing{}, err
	}
	text, err := c.command(ctx, verb, msg)
	if err != nil {
		return Listing{}, err
	}
	l, ok := parse(text)
	switch odd := wire.Violation(policy.ErrMalformed, "+OK "+text); {
	case !ok || l.Msg != msg:
		return Listing{}, c.fail(odd)
	case l.ID == "" && l.Size < 0:
		return Listing{}, wire.PrintableError(fmt.Errorf("pop3conn: %s %d: %w", verb, msg, odd))
	}
	return l, nil
}

// ListAll returns number and size of the messages that are not marked as deleted. A
// line without a number is left out, and a size that cannot be read is -1. A list of
// more than 1,048,576 lines or 64 MiB is a violation with reason policy.ErrLimit.
func (c *Client) ListAll(ctx context.Context) (list []Listing, err error) {
	err = c.multiline(ctx, "LIST", collect(&list, parseSize))
	return list, err
}

// UIDLAll returns number and unique identifier of the messages that are not marked as
// deleted. A line without a number is left out, and an identifier that cannot be read
// is empty. The list has the limits of [Client.ListAll].
func (c *Client) UIDLAll(ctx context.Context) (list []Listing, err error) {
	err = c.multiline(ctx, "UIDL", collect(&list, parseID))
	return list, err
}

// Index returns number, unique identifier and size of the messages that are not
// marked as deleted, in the order of their numbers: all that LIST or UIDL has, with an
// empty ID or a Size of -1 where one of them has nothing that can be read. Both have
// the limits of [Client.ListAll]. If the server lists PIPELINING, all of it is one
// round trip. A server without UIDL is an [*Error].
func (c *Client) Index(ctx context.Context) ([]Listing, error) {
	commands := []string{"LIST", "UIDL"}
	if c.isStale() && !c.noPipelining {
		commands = append(commands, "CAPA") // costs nothing here, and a loop needs it
	}
	b, err := c.start(ctx, len(commands), func(to []byte, i int) []byte { return appendCommand(to, commands[i]) })
	if err != nil {
		return nil, err
	}
	var sizes, ids []Listing
	err1 := b.rows(collect(&sizes, parseSize))
	err2 := b.rows(collect(&ids, parseID))
	if len(commands) > 2 {
		if r, err := b.reply(); err == nil {
			c.readCapabilities(r) // what is refused is not the index
		}
	}
	b.finish()
	if err := c.Err(); err != nil {
		return nil, err
	}
	if err := wire.Join(err1, err2); err != nil {
		return nil, err
	}
	return merge(ids, sizes), nil
}

// merge makes one list of two, with the first entry for each number.
func merge(ids, sizes []Listing) []Listing {
	list := make([]Listing, 0, max(len(ids), len(sizes)))
	at := make(map[int]int, cap(list))
	for _, l := range slices.Concat(ids, sizes) {
		i, known := at[l.Msg]
		switch {
		case !known:
			at[l.Msg] = len(list)
			list = append(list, l)
		case list[i].Size < 0:
			list[i].Size = l.Size
		}
	}
	slices.SortStableFunc(list, func(a, b Listing) int { return cmp.Compare(a.Msg, b.Msg) })
	return list
}
