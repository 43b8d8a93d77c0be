package pop3conn

import (
	"errors"
)

// Entry is what a server lists of a message.
type Entry struct {
	Msg int // its number
	// ID is its unique identifier, see [UniqueID].
	ID string
	// Size is a hint, see [Listing]; -1 if LIST left the message out.
	Size int64
}

// Index returns number, identifier and size of the messages that are not marked
// as deleted, in the order and with the limit of [Client.UIDLAll]. LIST and UIDL,
// and a CAPA that is due, go out together if the server lists PIPELINING: then
// all of it is one turn. A server without UIDL is a [*Error].
func (c *Client) Index() ([]Entry, error) {
	plan := []request{{verb: "LIST"}, {verb: "UIDL"}}
	if !c.fresh && !c.lockstep {
		plan = append(plan, request{verb: "CAPA"})
	}
	f, err := c.fly(plan)
	if err != nil {
		return nil, err
	}
	defer f.land()
	sizes, err1 := landed(f, parseListing)
	ids, err2 := landed(f, parseUniqueID)
	if len(plan) == 3 && c.ended == nil {
		if err := c.capabilities(f.next()); err != nil && c.ended != nil {
			return nil, err
		}
	}
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	return join(ids, sizes), nil
}

// landed reads the list that answers the next command.
func landed[T any](f *flight, parse func(string) (T, bool)) ([]T, error) {
	if f.c.ended != nil {
		return nil, nil // the error is known
	}
	if err := f.next(); err != nil {
		return nil, err
	}
	return rows(f.c, parse)
}

func join(ids []UniqueID, sizes []Listing) []Entry {
	known := make(map[int]int64, len(sizes))
	for _, l := range sizes {
		known[l.Msg] = l.Size
	}
	list := make([]Entry, len(ids))
	for i, u := range ids {
		size, ok := known[u.Msg]
		if !ok {
			size = -1
		}
		list[i] = Entry{u.Msg, u.ID, size}
	}
	return list
}
