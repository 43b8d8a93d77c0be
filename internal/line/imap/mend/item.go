package mend

import (
	"bytes"
	"errors"
	"time"

	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// item is an item of a FETCH, as it was read.
type item struct {
	name    string // in upper case
	section []byte // with its brackets and its origin; nil if there is none
	value   node
	raw     []byte
}

// writes says how the value of an item is written. ok is false for items that the
// client does not know.
func (it item) writes() (write func(*writer, item) bool, ok bool) {
	switch it.name {
	case "UID":
		return func(w *writer, it item) bool {
			_, ok := numberOf(it.value, maxNumber)
			return ok && w.number(it.value, maxNumber)
		}, true
	case "FLAGS":
		return (*writer).messageFlags, true
	case "RFC822.SIZE":
		return func(w *writer, it item) bool {
			return it.value.isText() && w.number(it.value, maxNumber64)
		}, true
	case "MODSEQ":
		return (*writer).modSeq, true
	case "INTERNALDATE":
		return (*writer).internalDate, true
	case "ENVELOPE":
		return func(w *writer, it item) bool { return w.envelope(it.value) }, true
	case "BODYSTRUCTURE":
		return func(w *writer, it item) bool { return w.body(it.value) }, true
	case "BODY":
		if it.section == nil {
			return func(w *writer, it item) bool { return w.body(it.value) }, true
		}
		return (*writer).content, true
	case "BINARY":
		return (*writer).content, it.section != nil
	case "BINARY.SIZE":
		return func(w *writer, it item) bool { return w.number(it.value, maxNumber) }, it.section != nil
	}
	return nil, false
}

// isPlain reports whether an item holds nothing that the sender of a message wrote.
func (it item) isPlain() bool {
	switch it.name {
	case "UID", "FLAGS", "RFC822.SIZE", "MODSEQ", "INTERNALDATE":
		return true
	}
	return false
}

// isBody reports whether an item is the content of a message.
func (it item) isBody() bool {
	return it.section != nil && (it.name == "BODY" || it.name == "BINARY")
}

// messageFlags writes the flags of a message. A list with what cannot even be meant for
// a flag is none.
func (w *writer) messageFlags(it item) bool {
	for _, f := range it.value.list {
		if f.shape != atom && !isFlag(f) {
			return false
		}
	}
	return w.flags(it.value)
}

func (w *writer) modSeq(it item) bool {
	v := it.value
	if v.shape == list && len(v.list) == 1 {
		v = v.list[0]
	}
	if _, ok := numberOf(v, maxNumber64); !ok {
		return false // servers write -1 and 0 where they have none
	}
	return w.raw("(") && w.number(v, maxNumber64) && w.raw(")")
}

// content writes a body.
func (w *writer) content(it item) bool {
	if it.value.shape == null {
		return w.raw("NIL")
	}
	return it.value.isText() && w.text(it.value.text)
}

// internalDate writes a date. The layouts are those of servers that take it from the
// message's header.
func (w *writer) internalDate(it item) bool {
	const layout = "_2-Jan-2006 15:04:05 -0700"
	text := string(bytes.TrimSpace(it.value.text))
	for _, form := range []string{
		layout, time.RFC1123Z, "Mon, 2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 -0700", time.RFC3339,
		"_2-Jan-2006 15:04:05 -07:00", "_2-Jan-2006 15:04:05",
	} {
		t, err := time.Parse(form, text)
		if err != nil || t.Year() < 1000 || t.Year() > 9999 {
			continue
		}
		if form != layout {
			w.mended("a date of another form", it.value.raw)
		}
		return w.text([]byte(t.Format("02-Jan-2006 15:04:05 -0700")))
	}
	return false
}

var (
	errName    = errors.New("not the name of an item")
	errSection = errors.New("not a section")
)

// items reads the items of a FETCH, from the one after the parenthesis to the last. If
// there is an error, broken is the item that cannot be read, with as much of its name
// as there is, and with all that follows it.
func (p *parser) items() (items []item, broken item, err error) {
	for {
		more, err := p.next(len(items) == 0)
		if err != nil || !more {
			return items, item{}, err
		}
		start := p.i
		it, err := p.item()
		it.raw = p.b[start:p.i]
		if err != nil {
			it.raw = p.b[start:]
			return items, it, err
		}
		items = append(items, it)
	}
}

func (p *parser) item() (it item, err error) {
	start := p.i
	for p.i < len(p.b) && isNameChar(p.b[p.i]) {
		p.i++
	}
	if it.name = string(bytes.ToUpper(p.b[start:p.i])); it.name == "" || it.name == "NIL" {
		return it, errName
	}
	if p.i < len(p.b) && p.b[p.i] == '[' {
		if it.section, err = p.section(); err != nil {
			return it, err
		}
	}
	if string(p.blanks()) != " " {
		p.odd = true
	}
	it.value, err = p.value()
	return it, err
}

func isNameChar(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_'
}

// section passes over a section in its brackets and an origin after it, and returns
// it in upper case, but for the names of header fields.
func (p *parser) section() ([]byte, error) {
	end := bytes.IndexByte(p.b[p.i:], ']')
	if end < 0 || bytes.IndexByte(p.b[p.i:p.i+end], '\n') >= 0 {
		return nil, errSection
	}
	inside := p.b[p.i+1 : p.i+end]
	p.i += end + 1
	keyword, fields, hasFields := bytes.Cut(inside, []byte("("))
	section := append([]byte{'['}, bytes.ToUpper(bytes.TrimSpace(keyword))...)
	if hasFields {
		names := bytes.Fields(bytes.TrimRight(fields, " )"))
		section = append(append(append(section, " ("...), bytes.Join(names, []byte(" "))...), ')')
	}
	section = append(section, ']')
	if p.i < len(p.b) && p.b[p.i] == '<' {
		close := bytes.IndexByte(p.b[p.i:], '>')
		if close < 0 {
			return nil, errSection
		}
		origin, _, _ := bytes.Cut(p.b[p.i+1:p.i+close], []byte("."))
		section = append(append(append(section, '<'), origin...), '>')
		p.i += close + 1
	}
	return section, nil
}

// scanned reports whether the client reads an item as it was written.
func scanned(limits response.Limits, text []byte) bool {
	s := response.Scanner{Limits: &limits}
	b := append(append([]byte("* 1 FETCH ("), text...), ")\r\n"...)
	return s.Scan(b, response.ParseHead(b))
}
