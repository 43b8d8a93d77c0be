package mend

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"

	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// Fetch is what was read of a FETCH.
type Fetch struct {
	Out    []byte // the FETCH in canonical form
	UID    uint32 // 0 if it has none
	Body   bool   // a body is in it
	Asked  bool   // it has more than UID, FLAGS and MODSEQ
	Faults []Fault
	// Open is set if a list or a string goes on after the end of the response.
	Open bool
}

// FetchOf writes a FETCH anew: the UID first, and bodies last. Items that cannot be
// read, or that the client does not know, are left out. h is the response's head. The
// error is that of a literal with another length than was announced: where the next
// response begins is not known.
func FetchOf(b []byte, h response.Head, limits response.Limits) (Fetch, error) {
	p := parser{limits: limits, b: b, i: h.Args}
	p.blanks()
	if p.i == len(b) || b[p.i] != '(' {
		return Fetch{Faults: []Fault{{Class: Unreadable, What: "FETCH", Words: bytes.Clone(b[:min(len(b), maxWords)])}}}, nil
	}
	p.i++
	return p.fetch(strconv.AppendUint([]byte("* "), uint64(h.Number), 10))
}

// TailOf writes anew what is left of a FETCH after a body that was passed on.
func TailOf(b []byte, limits response.Limits) (Fetch, error) {
	p := parser{limits: limits, b: b}
	if len(b) == 0 || !isBlank(b[0]) && b[0] != ')' {
		return Fetch{}, errLength
	}
	return p.fetch(nil)
}

// fetch reads the items of a FETCH and writes them after a beginning, which is nil
// for the rest of one.
func (p *parser) fetch(begin []byte) (Fetch, error) {
	items, broken, err := p.items()
	if rest := p.b[p.i:]; err == nil && len(bytes.Trim(rest, " )\r\n")) > 0 {
		err, broken.raw = errQuotes, rest
	}
	w := &writer{limits: p.limits}
	if p.odd {
		w.mended("blanks", p.b)
	}
	if p.broken {
		w.mended("the end of a line in a string", p.b)
	}
	switch {
	case err == errLength, err == errName && begin == nil && len(items) == 0:
		return Fetch{}, errLength
	case w.suspicious(items, broken):
		items = append(w.certain(items), lastItems(p)...)
	case err == errOpen && broken.name == "":
		w.mended("a list that does not end", p.b)
	case err != nil:
		w.add(Unreadable, cmp.Or(printed(broken.name), "FETCH"), broken.raw)
		items = append(withoutPlain(items), lastItems(p)...)
	}
	f := w.fetch(items, begin)
	f.Open = err == errOpen
	if begin != nil && !reads(p.limits, f.Out) || begin == nil && !readsTail(p.limits, f.Out) {
		w.add(Unreadable, "FETCH", p.b)
		f.Out, f.Faults = nil, w.faults
	}
	return f, nil
}

// fetch writes items after a beginning, which is nil for the rest of a FETCH.
func (w *writer) fetch(items []item, begin []byte) (f Fetch) {
	separator := " "
	if begin != nil {
		w.out, separator = append(begin, " FETCH ("...), ""
	}
	for _, it := range items {
		if it.name != "UID" {
			continue
		}
		if n, ok := numberOf(it.value, maxNumber); !ok || n == 0 {
			w.add(Unreadable, "UID", it.raw)
		} else if f.UID == 0 {
			w.out = strconv.AppendUint(append(append(w.out, separator...), "UID "...), n, 10)
			separator = " "
			f.UID = uint32(n)
		}
	}
	for _, bodies := range []bool{false, true} {
		for _, it := range items {
			if it.name == "UID" || it.isBody() != bodies || !w.item(it, separator) {
				continue
			}
			separator = " "
			f.Body = f.Body || bodies
			f.Asked = f.Asked || it.name != "FLAGS" && it.name != "MODSEQ"
		}
	}
	w.raw(")\r\n")
	f.Out, f.Faults = w.out, w.faults
	return f
}

// item writes an item after a separator, or reports why not.
func (w *writer) item(it item, separator string) bool {
	write, known := it.writes()
	if !known {
		w.add(Unfamiliar, "FETCH "+printed(it.name), it.raw)
		return false
	}
	before, found := len(w.out), len(w.faults)
	w.raw(separator)
	start := len(w.out)
	w.raw(it.name)
	w.out = append(w.out, it.section...)
	if ok := w.raw(" ") && write(w, it); !ok || !scanned(w.limits, w.out[start:]) {
		w.out, w.faults = w.out[:before], w.faults[:found]
		w.add(Unreadable, it.name, it.raw)
		return false
	}
	return true
}

// suspicious reports whether items may not be where they seem to be. Where a server does
// not escape quotes, the sender of a message can write a subject that ends the string,
// the envelope, and begins another item; what is left of the true envelope is then in
// an item that cannot be read, or that is not known. It holds an address at least, as
// a message has a sender.
func (w *writer) suspicious(items []item, broken item) bool {
	var written []string // by a sender, in part
	for _, it := range items {
		if len(written) > 0 && hasAddress(it.raw) && !(&writer{limits: w.limits}).item(it, "") {
			return true
		}
		if it.isPlain() || it.isBody() {
			continue
		}
		if slices.Contains(written, it.name) {
			return true
		}
		written = append(written, it.name)
	}
	return len(written) > 0 && hasAddress(broken.raw)
}

// hasAddress reports whether there is what ends an address of an envelope: no route, a
// mailbox and a host.
func hasAddress(b []byte) bool {
	for {
		_, after, ok := bytes.Cut(b, []byte(`NIL "`))
		if !ok {
			return false
		}
		b = after
		_, after, _ = bytes.Cut(after, []byte(`"`))
		if after, ok = bytes.CutPrefix(after, []byte(` "`)); !ok {
			continue
		}
		if _, after, _ = bytes.Cut(after, []byte(`"`)); bytes.HasPrefix(after, []byte(")")) {
			return true
		}
	}
}

// certain returns those items ahead of every item with strings that a sender may have
// written, and reports the others.
func (w *writer) certain(items []item) []item {
	n := slices.IndexFunc(items, func(it item) bool { return !it.isPlain() })
	for _, it := range items[n:] {
		if !it.isPlain() {
			w.add(Unreadable, printed(it.name), it.raw)
		}
	}
	return slices.Clone(items[:n])
}

// withoutPlain returns items without those plain ones that follow one with
// strings that a sender may have written.
func withoutPlain(items []item) []item {
	written := false
	return slices.DeleteFunc(slices.Clone(items), func(it item) bool {
		written = written || !it.isPlain()
		return written && it.isPlain()
	})
}

// maxLast is how far from its end the last items of a FETCH are looked for.
const maxLast = 512

// lastItems returns the items at the very end of a FETCH that cannot be read, if they
// have no quotes: the closing quote of a string would follow whatever a sender
// has put into it.
func lastItems(p *parser) (found []item) {
	b := p.b[bytes.LastIndexAny(p.b, "\"}")+1:]
	for start := max(1, len(b)-maxLast); start < len(b); start++ {
		if b[start-1] != ' ' || !isNameChar(b[start]) {
			continue
		}
		last := parser{limits: p.limits, b: b[start:]}
		items, _, err := last.items()
		if err == nil && len(bytes.Trim(last.b[last.i:], " )\r\n")) == 0 && !slices.ContainsFunc(items, func(it item) bool { return !it.isPlain() }) {
			return items
		}
	}
	return nil
}
