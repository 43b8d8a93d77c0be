package mend

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// Response is what was made of a response other than a FETCH.
type Response struct {
	Out    []byte // in canonical form; nil if it was left out
	Faults []Fault
}

// ResponseOf writes a response anew, whose kind is one that the client knows.
func ResponseOf(b []byte, h response.Head, limits response.Limits) Response {
	w := &writer{limits: limits}
	if !w.response(b, h) || !reads(limits, w.out) {
		w.faults = nil
		w.add(Unreadable, h.Kind.Word(), b)
		return Response{Faults: w.faults}
	}
	return Response{w.out, w.faults}
}

func (w *writer) response(b []byte, h response.Head) bool {
	switch {
	case h.Kind == response.Continue:
		text := string(bytes.TrimSpace(b[h.Args:]))
		if strings.ContainsFunc(text, notASCII) { // it is for people: the challenges of SASL are in base64
			text = ""
		}
		return w.raw("+ " + text + "\r\n")
	case h.Kind.IsStatus():
		return w.status(b, h)
	case h.Kind == response.Search, h.Kind == response.Sort:
		return w.numbers(b, h)
	}
	values, err := w.values(b[h.Args:])
	if err != nil {
		return false
	}
	w.raw("* ")
	if h.Number > 0 || h.Kind == response.Exists || h.Kind == response.Recent {
		w.out = append(strconv.AppendUint(w.out, uint64(h.Number), 10), ' ')
	}
	w.raw(h.Kind.Word())
	return w.data(h.Kind, values) && w.raw("\r\n")
}

// notASCII reports whether a character is none of printable ASCII.
func notASCII(c rune) bool { return c < ' ' || c > '~' }

// values reads the values of a response up to its end.
func (w *writer) values(b []byte) (values []node, err error) {
	p := parser{limits: w.limits, b: b}
	p.blanks()
	for p.i < len(p.b) {
		n, err := p.value()
		if err != nil {
			return nil, err
		}
		values = append(values, n)
		p.blanks()
	}
	return values, nil
}

// data writes the data of a response after its name.
func (w *writer) data(k response.Kind, values []node) bool {
	n := node{list: values}
	switch k {
	case response.Exists, response.Recent, response.Expunge:
		return true
	case response.Capability, response.Enabled:
		return w.atoms(values)
	case response.Flags:
		return w.raw(" ") && w.flags(n.at(0))
	case response.List:
		return w.list(values)
	case response.Status:
		return w.statusData(values)
	case response.ESearch:
		return w.esearch(values)
	case response.Thread:
		return w.threads(values)
	case response.Metadata:
		return w.metadata(values)
	case response.ID:
		return w.id(n.at(0))
	case response.Namespace:
		return w.raw(" ") && w.namespace(n.at(0)) && w.raw(" ") && w.namespace(n.at(1)) && w.raw(" ") && w.namespace(n.at(2))
	case response.Quota:
		return w.raw(" ") && w.str(n.at(0), w.limits.Line) && w.raw(" ") && w.quota(n.at(1))
	case response.QuotaRoot, response.ACL, response.MyRights:
		return len(values) > 0 && w.raw(" ") && w.mailbox(values[0]) && w.strings(values[1:])
	}
	return false
}

// numbers writes a SEARCH or a SORT.
func (w *writer) numbers(b []byte, h response.Head) bool {
	n := response.NewNumbers(w.limits, h)
	if _, err := n.Read(b); err != nil || !n.Ended() {
		return false
	}
	if n.Lost {
		return false
	}
	if n.Odd > 0 {
		w.add(Unreadable, "number of a message", []byte(n.Example))
	}
	for ended := false; !ended; {
		w.out, ended = n.Append(slices.Grow(w.out, len(b)+64))
	}
	return true
}

func (w *writer) atoms(values []node) bool {
	for _, v := range values {
		if v.shape != atom {
			return false
		}
		w.raw(" ")
		w.out = append(w.out, v.text...)
	}
	return true
}

// list writes a LIST. A name with blanks and without quotes goes to the end.
func (w *writer) list(values []node) bool {
	n := node{list: values}
	if len(values) < 3 || !w.raw(" ") || !w.flags(n.at(0)) || !w.raw(" ") || !w.delimiter(n.at(1)) {
		return false
	}
	name, rest := joined(values[2:])
	if len(rest) == 0 && name.shape == atom && len(values) > 3 {
		w.mended("a mailbox's name without quotes", name.text)
	}
	if !w.raw(" ") || !w.mailbox(name) {
		return false
	}
	if len(rest) == 1 && rest[0].shape == list {
		w.extended(rest[0])
	}
	return true
}

// joined returns the first value, and with it those after it if all of them are words:
// a name with blanks that has no quotes.
func joined(values []node) (name node, rest []node) {
	words := 0
	for words < len(values) && values[words].shape == atom {
		words++
	}
	if words < 2 {
		return values[0], values[1:]
	}
	var text [][]byte
	for _, v := range values[:words] {
		text = append(text, v.text)
	}
	return node{shape: atom, text: bytes.Join(text, []byte(" "))}, values[words:]
}

// extended writes those extended items of a LIST that the client knows.
func (w *writer) extended(n node) {
	var items [][]byte
	for i := 0; i+1 < len(n.list); i += 2 {
		item := writer{limits: w.limits}
		value := n.list[i+1]
		ok := false
		switch name := string(bytes.ToUpper(n.list[i].text)); name {
		case "CHILDINFO":
			ok = item.raw("CHILDINFO (") && value.shape == list && item.strings(value.list)
		case "OLDNAME":
			ok = item.raw("OLDNAME (") && len(value.list) == 1 && item.mailbox(value.list[0])
		}
		if ok {
			items = append(items, append(bytes.Replace(item.out, []byte("( "), []byte("("), 1), ')'))
		} else {
			w.add(Unfamiliar, "LIST item", n.list[i].raw)
		}
	}
	if len(items) > 0 {
		w.out = append(append(append(w.out, " ("...), bytes.Join(items, []byte(" "))...), ')')
	}
}

// statusData writes a STATUS, with those items that the client knows.
func (w *writer) statusData(values []node) bool {
	if len(values) < 2 {
		return false
	}
	name, rest := joined(values)
	if len(rest) != 1 || rest[0].shape != list || !w.raw(" ") || !w.mailbox(name) {
		return false
	}
	w.raw(" (")
	first := true
	for i := 0; i+1 < len(rest[0].list); i += 2 {
		if w.statusItem(rest[0].list[i], rest[0].list[i+1], first) {
			first = false
		}
	}
	return w.raw(")")
}

func (w *writer) statusItem(name, value node, first bool) bool {
	max := uint64(maxNumber)
	key := string(bytes.ToUpper(name.text))
	switch key {
	case "RECENT":
		return false // removed in IMAP4rev2, and unknown to the client
	case "SIZE", "DELETED-STORAGE", "HIGHESTMODSEQ":
		max = maxNumber64
	case "MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "DELETED", "APPENDLIMIT":
	default:
		w.add(Unfamiliar, "STATUS item", name.raw)
		return false
	}
	before := len(w.out)
	if !first {
		w.raw(" ")
	}
	w.raw(key + " ")
	if key == "APPENDLIMIT" && value.shape == null {
		return w.raw("NIL")
	}
	if !value.isText() || !w.number(value, max) {
		w.out = w.out[:before]
		w.add(Unreadable, "STATUS "+key, value.raw)
		return false
	}
	return true
}
