package message

import (
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/mailconn/mailconn/internal/line/imap/response"
)

const (
	maxNumber   = 1<<32 - 1 // number (RFC 9051 §9)
	maxNumber64 = 1<<63 - 1 // number64
)

// body reads a BODYSTRUCTURE, or a BODY, which has no extension data
// (RFC 9051 §7.5.2). What later standards may add to it is passed over.
func (r *Reader) body() (imap.BodyStructure, bool) {
	if !r.enter() {
		return nil, false
	}
	var b imap.BodyStructure
	ok := false
	if r.peek() == '(' {
		b, ok = r.multipart()
	} else {
		b, ok = r.part()
	}
	for ok && r.is(' ') {
		ok = r.skip()
	}
	return b, ok && r.leave()
}

// multipart is body-type-mpart: its parts, which have no blanks between them, and
// its subtype.
func (r *Reader) multipart() (*imap.BodyStructureMultiPart, bool) {
	m := new(imap.BodyStructureMultiPart)
	for r.peek() == '(' {
		child, ok := r.body()
		if !ok {
			return nil, false
		}
		m.Children = append(m.Children, child)
	}
	ok := r.is(' ')
	if ok {
		m.Subtype, ok = r.str()
	}
	if !ok || !r.is(' ') {
		return m, ok
	}
	m.Extended = new(imap.BodyStructureMultiPartExt)
	if m.Extended.Params, ok = r.params(); !ok {
		return nil, false
	}
	return m, r.extension(&m.Extended.Disposition, &m.Extended.Language, &m.Extended.Location)
}

// part is body-type-1part. Some servers end it ahead of what depends on its type.
func (r *Reader) part() (*imap.BodyStructureSinglePart, bool) {
	p := new(imap.BodyStructureSinglePart)
	if !r.fields(p) {
		return nil, false
	}
	if r.peek() == ')' {
		return p, true
	}
	ok := true
	switch {
	case response.IsMessage([]byte(p.Type), []byte(p.Subtype)):
		p.MessageRFC822 = new(imap.BodyStructureMessageRFC822)
		ok = r.is(' ') && r.message(p.MessageRFC822)
	case strings.EqualFold(p.Type, "text"):
		p.Text = new(imap.BodyStructureText)
		ok = r.is(' ') && r.lines(&p.Text.NumLines)
	}
	if !ok || !r.is(' ') {
		return p, ok
	}
	p.Extended = new(imap.BodyStructureSinglePartExt)
	if _, ok = r.nstring(); !ok { // the MD5
		return nil, false
	}
	return p, r.extension(&p.Extended.Disposition, &p.Extended.Language, &p.Extended.Location)
}

// fields is what every part begins with: type, parameters, id, description, encoding,
// octets. Some servers leave the encoding out: RFC 2045 §6.1 says what that means.
func (r *Reader) fields(p *imap.BodyStructureSinglePart) (ok bool) {
	if p.Type, ok = r.str(); !ok || !r.is(' ') {
		return false
	}
	if p.Subtype, ok = r.str(); !ok || !r.is(' ') {
		return false
	}
	if p.Params, ok = r.params(); !ok || !r.is(' ') {
		return false
	}
	if p.ID, ok = r.nstring(); !ok || !r.is(' ') {
		return false
	}
	if p.Description, ok = r.text(); !ok || !r.is(' ') {
		return false
	}
	if p.Encoding, ok = r.nstring(); !ok || !r.is(' ') {
		return false
	}
	if p.Encoding == "" {
		p.Encoding = "7bit"
	}
	size, ok := r.number(maxNumber)
	p.Size = uint32(size)
	return ok
}

// message is what a part that is a message has of it.
func (r *Reader) message(m *imap.BodyStructureMessageRFC822) (ok bool) {
	if m.Envelope, ok = r.envelope(); !ok || !r.is(' ') {
		return false
	}
	if m.BodyStructure, ok = r.body(); !ok || !r.is(' ') {
		return false
	}
	return r.lines(&m.NumLines)
}

func (r *Reader) lines(n *int64) bool {
	lines, ok := r.number(maxNumber64)
	*n = int64(lines)
	return ok
}

// params is NIL or a list of names and values.
func (r *Reader) params() (map[string]string, bool) {
	if r.null() {
		return nil, true
	}
	if !r.enter() {
		return nil, false
	}
	var params map[string]string
	for first := true; r.peek() != ')'; first = false {
		if !first && !r.is(' ') {
			return nil, false
		}
		name, ok := r.str()
		if !ok || name == "" || !r.is(' ') || r.null() {
			return nil, false
		}
		value, ok := r.text()
		if !ok {
			return nil, false
		}
		if params == nil {
			params = make(map[string]string)
		}
		params[strings.ToLower(name)] = value
	}
	return params, r.leave()
}

// extension reads disposition, language and location, as far as they are there.
func (r *Reader) extension(d **imap.BodyStructureDisposition, language *[]string, location *string) (ok bool) {
	if !r.is(' ') {
		return true
	}
	if *d, ok = r.disposition(); !ok || !r.is(' ') {
		return ok
	}
	if *language, ok = r.language(); !ok || !r.is(' ') {
		return ok
	}
	*location, ok = r.nstring()
	return ok
}

func (r *Reader) disposition() (d *imap.BodyStructureDisposition, ok bool) {
	if r.null() {
		return nil, true
	}
	if !r.enter() {
		return nil, false
	}
	d = new(imap.BodyStructureDisposition)
	if d.Value, ok = r.str(); !ok || !r.is(' ') {
		return nil, false
	}
	if d.Params, ok = r.params(); !ok {
		return nil, false
	}
	return d, r.leave()
}

// language is NIL, a string, or a list of strings.
func (r *Reader) language() (languages []string, ok bool) {
	if r.peek() != '(' {
		l, ok := r.nstring()
		if l == "" {
			return nil, ok
		}
		return []string{l}, ok
	}
	if !r.enter() {
		return nil, false
	}
	for first := true; r.peek() != ')'; first = false {
		if !first && !r.is(' ') {
			return nil, false
		}
		l, ok := r.str()
		if !ok {
			return nil, false
		}
		languages = append(languages, l)
	}
	return languages, r.leave()
}
