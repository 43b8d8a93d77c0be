package mend

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
)

// esearch writes an ESEARCH, which must say which command it answers (RFC 9051 §7.3.4).
func (w *writer) esearch(values []node) bool {
	n := node{list: values}
	tag := n.at(0)
	if len(tag.list) != 2 || !bytes.EqualFold(tag.list[0].text, []byte("TAG")) {
		return false
	}
	if !w.raw(" (TAG ") || !w.str(tag.list[1], 64) || !w.raw(")") {
		return false
	}
	values = values[1:]
	if len(values) > 0 && bytes.EqualFold(values[0].text, []byte("UID")) {
		w.raw(" UID")
		values = values[1:]
	}
	for i := 0; i+1 < len(values); i += 2 {
		name, value := string(bytes.ToUpper(values[i].text)), values[i+1]
		before := len(w.out)
		w.raw(" " + name + " ")
		ok := false
		switch name {
		case "MIN", "MAX", "COUNT":
			ok = value.isText() && w.number(value, maxNumber)
		case "MODSEQ":
			ok = value.isText() && w.number(value, maxNumber64)
		case "ALL":
			if ok = w.set(value.text); !ok {
				return false // the answer itself
			}
		}
		if !ok {
			w.out = w.out[:before]
			w.add(Unfamiliar, "ESEARCH "+printed(name), values[i].raw)
		}
	}
	return true
}

// span is a range of numbers.
type span struct{ low, high uint64 }

// set writes a set of numbers in rising order.
func (w *writer) set(text []byte) bool {
	var spans []span
	for part := range bytes.SplitSeq(text, []byte(",")) {
		from, to, isRange := bytes.Cut(part, []byte(":"))
		if !isRange {
			to = from
		}
		low, ok1 := numberOf(node{shape: atom, text: from}, maxNumber)
		high, ok2 := numberOf(node{shape: atom, text: to}, maxNumber)
		if !ok1 || !ok2 {
			return false
		}
		spans = append(spans, span{min(low, high), max(low, high)})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.low, b.low) })
	var last span
	for i, s := range spans {
		if i > 0 && s.low <= last.high+1 {
			last.high = max(last.high, s.high)
			continue
		}
		w.span(last)
		last = s
	}
	w.span(last)
	w.out = bytes.TrimSuffix(w.out, []byte(","))
	return true
}

// span writes a range and a comma after it; it writes nothing for the zero span.
func (w *writer) span(s span) {
	if s.low == 0 {
		return
	}
	w.out = strconv.AppendUint(w.out, s.low, 10)
	if s.high > s.low {
		w.out = strconv.AppendUint(append(w.out, ':'), s.high, 10)
	}
	w.out = append(w.out, ',')
}

// threads writes a THREAD.
func (w *writer) threads(values []node) bool {
	if len(values) > 0 {
		w.raw(" ")
	}
	for _, v := range values {
		if v.shape != list || !w.thread(v) {
			return false
		}
	}
	return true
}

func (w *writer) thread(n node) bool {
	w.raw("(")
	for i, member := range n.list {
		if i > 0 && member.shape != list {
			w.raw(" ")
		}
		if i > 0 && member.shape == list && n.list[i-1].shape != list {
			w.raw(" ")
		}
		switch member.shape {
		case list:
			if !w.thread(member) {
				return false
			}
		default:
			if !member.isText() || !w.number(member, maxNumber) {
				return false
			}
		}
	}
	return w.raw(")")
}

// metadata writes a METADATA. A value may be a literal8 (RFC 5464 §5).
func (w *writer) metadata(values []node) bool {
	if len(values) < 2 || !w.raw(" ") || !w.mailbox(values[0]) {
		return false
	}
	if values[1].shape != list {
		return w.strings(values[1:])
	}
	w.raw(" (")
	entries := values[1].list
	for i := 0; i+1 < len(entries); i += 2 {
		if i > 0 {
			w.raw(" ")
		}
		if !w.str(entries[i], w.limits.Line) || !w.raw(" ") || !w.nstring(entries[i+1], w.limits.Literal) {
			return false
		}
	}
	return w.raw(")")
}

// id writes the fields of an ID. A value may be NIL (RFC 2971 §3.3), which the client
// does not read: an empty string says the same.
func (w *writer) id(n node) bool {
	if n.shape == null {
		return w.raw(" NIL")
	}
	if n.shape != list {
		return false
	}
	w.raw(" (")
	first := true
	for i := 0; i+1 < len(n.list); i += 2 {
		name, value := n.list[i], n.list[i+1]
		if !name.isText() || len(name.text) == 0 || value.shape == list {
			continue
		}
		if !first {
			w.raw(" ")
		}
		w.str(name, w.limits.Line)
		w.raw(" ")
		w.text(value.text)
		first = false
	}
	return w.raw(")")
}

// namespace writes one of the three lists of a NAMESPACE, without extensions.
func (w *writer) namespace(n node) bool {
	if n.shape == null || n.shape == list && len(n.list) == 0 {
		return w.raw("NIL")
	}
	if n.shape != list {
		return false
	}
	w.raw("(")
	for _, prefix := range n.list {
		if prefix.shape != list || len(prefix.list) < 2 {
			return false
		}
		if !w.raw("(") || !w.str(prefix.list[0], w.limits.Line) || !w.raw(" ") || !w.delimiter(prefix.list[1]) || !w.raw(")") {
			return false
		}
	}
	return w.raw(")")
}

// quota writes the resources of a QUOTA: a name, a usage and a limit each.
func (w *writer) quota(n node) bool {
	w.raw("(")
	first := true
	for i := 0; i+2 < len(n.list); i += 3 {
		before := len(w.out)
		if !first {
			w.raw(" ")
		}
		name := n.list[i]
		if isAtom(name.text) && w.raw(string(name.text)+" ") && n.list[i+1].isText() && w.number(n.list[i+1], maxNumber64) &&
			w.raw(" ") && n.list[i+2].isText() && w.number(n.list[i+2], maxNumber64) {
			first = false
			continue
		}
		w.out = w.out[:before]
		w.add(Unreadable, "quota of a resource", name.raw)
	}
	return w.raw(")")
}
