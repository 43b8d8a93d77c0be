package mend

import (
	"bytes"
	"slices"

	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// body writes a body structure (RFC 9051 §7.5.2). What is odd about one is mended where
// a field is; a field that is in the wrong place, or one too many, makes it unreadable.
func (w *writer) body(n node) bool {
	switch {
	case n.shape != list || len(n.list) == 0:
		return false
	case n.list[0].shape == list:
		return w.multipart(n.list)
	case n.list[0].shape == null && n.at(1).isText() && !n.at(partSize).isText(): // NIL for its parts
		return w.withoutParts(n.list[1:])
	case n.list[0].isText() && !n.at(1).isText() && !n.at(partSize).isText():
		return w.withoutParts(n.list)
	}
	return w.part(n.list)
}

func (w *writer) multipart(fields []node) bool {
	w.raw("(")
	for len(fields) > 0 && fields[0].shape == list {
		if !w.body(fields[0]) {
			return false
		}
		fields = fields[1:]
	}
	subtype := node{shape: str, text: []byte("mixed")} // RFC 2046 §5.1.3
	if len(fields) > 0 && fields[0].isText() {
		subtype = fields[0]
	} else {
		w.mended("a multipart without a subtype", node{list: fields}.at(0).raw)
	}
	if !w.raw(" ") || !w.str(subtype, response.MaxWord) {
		return false
	}
	if len(fields) > 1 && !(w.raw(" ") && w.params(fields[1]) && w.extension(fields[2:])) {
		return false
	}
	return w.raw(")")
}

// withoutParts writes a multipart that has no parts, which the client cannot hold, as a
// part of that type.
func (w *writer) withoutParts(fields []node) bool {
	w.mended("a multipart without parts", fields[0].raw)
	n := node{list: fields}
	return len(n.at(0).text) > 0 && w.raw(`("multipart" `) && w.str(n.at(0), response.MaxWord) &&
		w.raw(" ") && w.params(n.at(1)) && w.raw(` NIL NIL "7bit" 0 NIL`) && w.extension(fields[min(2, len(fields)):]) && w.raw(")")
}

// The fields of a part, as they stand in its list.
const (
	partType = iota
	partSubtype
	partParams
	partID
	partDescription
	partEncoding
	partSize
	partNext // what depends on the type
)

func (w *writer) part(fields []node) bool {
	n := node{list: fields}
	_, shifted := numberOf(n.at(partEncoding), maxNumber) // a field is missing
	ok := len(fields) >= partNext && !shifted && w.raw("(") && w.str(n.at(partType), response.MaxWord) && w.raw(" ") && w.str(n.at(partSubtype), response.MaxWord) &&
		w.raw(" ") && w.params(n.at(partParams)) && w.raw(" ") && w.nstring(n.at(partID), w.limits.Line) &&
		w.raw(" ") && w.ntext(n.at(partDescription)) && w.raw(" ") && w.nstring(n.at(partEncoding), response.MaxWord) &&
		w.raw(" ") && w.number(n.at(partSize), maxNumber)
	return ok && (len(fields) == partNext || w.byType(n, fields[partNext:])) && w.raw(")")
}

// byType writes what depends on the type of a part, and what follows it.
func (w *writer) byType(n node, fields []node) bool {
	mediaType, subtype := n.list[partType].text, n.list[partSubtype].text
	switch {
	case response.IsMessage(mediaType, subtype) && fields[0].shape == list:
		message := node{list: fields}
		if !(w.raw(" ") && w.envelope(message.at(0)) && w.raw(" ") && w.body(message.at(1)) && w.raw(" ") && w.number(message.at(2), maxNumber64)) {
			return false
		}
		fields = fields[min(3, len(fields)):]
	case response.IsMessage(mediaType, subtype):
		// The client reads no more of one that is described as any other part.
		w.mended("a message without its structure", fields[0].raw)
		scratch := writer{limits: w.limits}
		return scratch.trailer(fields)
	case bytes.EqualFold(mediaType, []byte("text")):
		w.raw(" ")
		fields = w.lines(fields)
	}
	return w.trailer(fields)
}

// trailer writes the MD5 of a part and what follows it. Some servers leave out the
// MD5 ahead of a disposition.
func (w *writer) trailer(fields []node) bool {
	if len(fields) == 0 {
		return true
	}
	if fields[0].shape == list {
		w.mended("no MD5 ahead of a disposition", fields[0].raw)
		return w.raw(" NIL") && w.extension(fields)
	}
	return w.raw(" ") && w.nstring(fields[0], w.limits.Line) && w.extension(fields[1:])
}

// textFields is how many fields a text has after its size, the number of lines first.
const textFields = 5

// lines writes the number of lines of a text, and returns the fields after it. Some
// servers leave the field out.
func (w *writer) lines(fields []node) []node {
	switch n := fields[0]; {
	case n.isText() && w.number(n, maxNumber64):
		return fields[1:]
	case n.shape == null && len(fields) >= textFields:
		w.number(n, maxNumber64)
		return fields[1:]
	}
	w.mended("a text without its number of lines", fields[0].raw)
	w.raw("0")
	return fields
}

// params writes a list of names and values.
func (w *writer) params(n node) bool {
	switch {
	case n.shape == null, n.shape == list && len(n.list) == 0:
		return w.raw("NIL")
	case n.shape == str && len(n.text) == 0:
		w.mended("an empty string in place of a list", n.raw)
		return w.raw("NIL")
	case n.shape != list, slices.ContainsFunc(n.list, func(m node) bool { return m.shape == list }):
		return false
	}
	if len(n.list)%2 == 1 {
		w.mended("a parameter without a value", n.raw)
	}
	before := len(w.out)
	separator := "("
	for i := 0; i+1 < len(n.list); i += 2 {
		name, value := n.list[i], n.list[i+1]
		if len(name.text) == 0 {
			w.mended("a parameter without a name", n.raw)
			continue
		}
		w.raw(separator)
		w.str(name, response.MaxWord)
		w.raw(" ")
		w.textOf(value)
		separator = " "
	}
	if len(w.out) == before {
		return w.raw("NIL")
	}
	return w.raw(")")
}

// textOf writes a string that the client decodes.
func (w *writer) textOf(n node) bool {
	if n.shape == null {
		return w.str(n, 0)
	}
	return w.ntext(n)
}

// extension writes disposition, language and location, as far as they are there.
func (w *writer) extension(fields []node) bool {
	for i, n := range fields {
		ok := false
		switch w.raw(" "); i {
		case 0:
			ok = w.disposition(n)
		case 1:
			ok = w.language(n)
		case 2:
			ok = w.nstring(n, w.limits.Line)
		}
		if !ok {
			return false
		}
	}
	return true
}

// disposition writes a disposition. Exchange writes its word alone.
func (w *writer) disposition(n node) bool {
	value, params := n, node{}
	switch {
	case n.shape == null:
		return w.raw("NIL")
	case n.shape == list:
		value, params = n.at(0), n.at(1)
	default:
		w.mended("a disposition that is no list", n.raw)
	}
	return value.isText() && len(n.list) <= 2 && w.raw("(") && w.str(value, response.MaxWord) && w.raw(" ") && w.params(params) && w.raw(")")
}

func (w *writer) language(n node) bool {
	if n.shape != list {
		return w.nstring(n, w.limits.Line)
	}
	w.raw("(")
	for i, l := range n.list {
		if i > 0 {
			w.raw(" ")
		}
		if !l.isText() || !w.str(l, w.limits.Line) {
			return false
		}
	}
	return w.raw(")")
}
