package mend

import "github.com/mailconn/mailconn/internal/line/imap/response"

// envelope writes an envelope, which has ten fields (RFC 9051 §7.5.2). One with more
// or fewer has quotes in its strings that were not escaped (seen with iCloud): what
// its fields are is not certain, and the sender of the message has a hand in it.
func (w *writer) envelope(n node) bool {
	n = unwrap(n, 10)
	if n.shape != list || len(n.list) != 10 {
		return false
	}
	w.raw("(")
	for i, field := range n.list {
		if i > 0 {
			w.raw(" ")
		}
		ok := false
		switch i {
		case 0:
			ok = w.date(field)
		case 1:
			ok = w.ntext(field)
		case 8:
			ok = w.nstring(field, response.MaxIDs)
		case 9:
			ok = w.nstring(field, response.MaxID)
		default:
			ok = w.addresses(field)
		}
		if !ok {
			return false
		}
	}
	return w.raw(")")
}

// unwrap takes the parentheses off a list whose one member is a list of fields.
func unwrap(n node, fields int) node {
	if len(n.list) == 1 && len(n.list[0].list) == fields {
		return n.list[0]
	}
	return n
}

// date writes the date of an envelope, which is what the sender wrote.
func (w *writer) date(n node) bool {
	if len(n.text) > response.MaxDate {
		w.mended("a date that is too long", n.text)
		return w.raw("NIL")
	}
	return w.nstring(n, response.MaxDate)
}

// addresses writes a list of addresses.
func (w *writer) addresses(n node) bool {
	switch {
	case n.shape == null:
		return w.raw("NIL")
	case n.shape == str && len(n.text) == 0:
		w.mended("an empty string in place of a list", n.raw)
		return w.raw("NIL")
	case n.shape != list:
		return false
	}
	if isAddress(n) {
		w.mended("an address that is in no list", n.raw)
		n = node{shape: list, list: []node{n}}
	}
	w.raw("(")
	for _, a := range n.list {
		if a.shape == null {
			w.mended("NIL in place of an address", n.raw)
			continue
		}
		if !isAddress(a) || !w.address(a) {
			return false
		}
	}
	return w.raw(")")
}

// isAddress reports whether a node is a list of four strings, each of which may be
// NIL.
func isAddress(n node) bool {
	if n.shape != list || len(n.list) != 4 {
		return false
	}
	for _, field := range n.list {
		if field.shape == list {
			return false
		}
	}
	return true
}

func (w *writer) address(n node) bool {
	ok := w.raw("(") && w.ntext(n.list[0])
	for _, field := range n.list[1:] {
		ok = ok && w.raw(" ") && w.nstring(field, w.limits.Line)
	}
	return ok && w.raw(")")
}
