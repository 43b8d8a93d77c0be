// Package mimepart parses messages into what an IMAP server sends of them: sections,
// ENVELOPE and BODYSTRUCTURE.
package mimepart

import (
	"mime"
	"slices"
	"strconv"
	"strings"
)

// Part is a message, or a part of one.
type Part struct {
	Body   string
	header string // with the empty line that ends it
	kind   string // type and subtype in lower case
	params map[string]string
	parts  []*Part // of a multipart, or the message of a message/rfc822
}

// Parse parses a message, or a part of one.
func Parse(text string) *Part {
	p := &Part{header: text}
	if strings.HasPrefix(text, "\r\n") {
		p.header, p.Body = text[:2], text[2:]
	} else if i := strings.Index(text, "\r\n\r\n"); i >= 0 {
		p.header, p.Body = text[:i+4], text[i+4:]
	}
	var err error
	if p.kind, p.params, err = mime.ParseMediaType(p.Field("Content-Type")); err != nil || !strings.Contains(p.kind, "/") {
		p.kind, p.params = "text/plain", map[string]string{"charset": "us-ascii"}
	}
	switch {
	case p.multipart():
		for _, text := range split(p.Body, p.params["boundary"]) {
			p.parts = append(p.parts, Parse(text))
		}
	case p.kind == "message/rfc822":
		p.parts = []*Part{Parse(p.Body)}
	}
	if p.multipart() && len(p.parts) == 0 {
		p.kind = "text/plain"
	}
	return p
}

func (p *Part) multipart() bool { return strings.HasPrefix(p.kind, "multipart/") }

// split returns what stands between the boundaries of a multipart (RFC 2046
// §5.1.1).
func split(body, boundary string) []string {
	var parts []string
	begin := -1
	at := 0
	for line := range strings.Lines(body) {
		word := strings.TrimRight(line, " \t\r\n")
		if delimiter := word == "--"+boundary; delimiter || word == "--"+boundary+"--" {
			if begin >= 0 {
				parts = append(parts, strings.TrimSuffix(body[begin:max(at, begin)], "\r\n"))
			}
			begin = at + len(line)
			if !delimiter {
				return parts
			}
		}
		at += len(line)
	}
	if begin >= 0 {
		parts = append(parts, body[begin:])
	}
	return parts
}

// Fields returns the header's fields as they are, with their line breaks.
func (p *Part) Fields() []string {
	var all []string
	for line := range strings.Lines(p.header) {
		switch {
		case strings.TrimRight(line, "\r\n") == "":
		case (line[0] == ' ' || line[0] == '\t') && len(all) > 0:
			all[len(all)-1] += line
		default:
			all = append(all, line)
		}
	}
	return all
}

// Field returns the first value of a header field, unfolded.
func (p *Part) Field(name string) string {
	for _, f := range p.Fields() {
		if key, value, ok := strings.Cut(f, ":"); ok && strings.EqualFold(strings.TrimSpace(key), name) {
			return strings.TrimSpace(strings.NewReplacer("\r\n", "", "\n", "").Replace(value))
		}
	}
	return ""
}

// at returns a part by its numbers, nil if there is none.
func (p *Part) at(numbers []int) *Part {
	for _, n := range numbers {
		if p.kind == "message/rfc822" {
			p = p.parts[0]
		}
		switch {
		case p.multipart() && n >= 1 && n <= len(p.parts):
			p = p.parts[n-1]
		case !p.multipart() && n == 1:
		default:
			return nil
		}
	}
	return p
}

// Section returns the text of a section (RFC 3501 §6.4.5), and whether the
// message has it.
func (p *Part) Section(spec string, fields []string) (string, bool) {
	numbers, spec := partNumbers(spec)
	found := p.at(numbers)
	if found == nil {
		return "", false
	}
	whole := len(numbers) == 0
	if !whole && found.kind == "message/rfc822" && spec != "" && spec != "MIME" {
		found, whole = found.parts[0], true // the header and text of the message in it
	}
	switch {
	case spec == "" && len(numbers) == 0:
		return found.header + found.Body, true
	case spec == "":
		return found.Body, true
	case spec == "MIME" && len(numbers) > 0:
		return found.header, true
	case spec == "HEADER" && whole:
		return found.header, true
	case spec == "TEXT" && whole:
		return found.Body, true
	case strings.HasPrefix(spec, "HEADER.FIELDS") && whole:
		return found.some(fields, spec == "HEADER.FIELDS"), true
	}
	return "", false
}

// partNumbers splits a section into the numbers of a part and the rest: 1.2.HEADER into
// 1, 2 and HEADER.
func partNumbers(section string) (numbers []int, rest string) {
	for rest = section; rest != ""; {
		first, others, _ := strings.Cut(rest, ".")
		n, err := strconv.Atoi(first)
		if err != nil {
			break
		}
		numbers, rest = append(numbers, n), others
	}
	return numbers, rest
}

// some returns the header fields that have one of the names, or have none of
// them.
func (p *Part) some(names []string, wanted bool) string {
	var b strings.Builder
	for _, f := range p.Fields() {
		key, _, _ := strings.Cut(f, ":")
		key = strings.TrimSpace(key)
		if slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(key, name) }) == wanted {
			b.WriteString(f)
		}
	}
	return b.String() + "\r\n"
}
