package mimepart

import (
	"fmt"
	"maps"
	"mime"
	"net/mail"
	"slices"
	"strings"
)

// nstring returns a string as IMAP writes it, NIL if it is empty.
func nstring(text string) string {
	if text == "" {
		return "NIL"
	}
	return text7(text)
}

// text7 returns a string as IMAP writes it: what is not ASCII as a literal.
func text7(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return r >= 0x7f }) {
		return fmt.Sprintf("{%d}\r\n%s", len(text), text)
	}
	return Quote(text)
}

// Envelope returns ENVELOPE (RFC 3501 §7.4.2).
func (p *Part) Envelope() string {
	from := p.addresses("From")
	or := func(list, other string) string {
		if list == "NIL" {
			return other
		}
		return list
	}
	return "(" + strings.Join([]string{
		nstring(p.Field("Date")), nstring(p.Field("Subject")), from,
		or(p.addresses("Sender"), from), or(p.addresses("Reply-To"), from),
		p.addresses("To"), p.addresses("Cc"), p.addresses("Bcc"),
		nstring(p.Field("In-Reply-To")), nstring(p.Field("Message-Id")),
	}, " ") + ")"
}

// encodedWord stands for the beginning of an encoded word while net/mail parses a field:
// servers hand encoded words on as they stand, whatever their charset.
const encodedWord = "=\uf8ff"

// addresses returns a field's addresses, NIL if it has none that can be parsed.
func (p *Part) addresses(name string) string {
	list, err := mail.ParseAddressList(strings.ReplaceAll(p.Field(name), "=?", encodedWord))
	if err != nil || len(list) == 0 {
		return "NIL"
	}
	asSent := func(text string) string { return strings.ReplaceAll(text, encodedWord, "=?") }
	var b strings.Builder
	for _, a := range list {
		local, host := asSent(a.Address), ""
		if i := strings.LastIndexByte(local, '@'); i >= 0 {
			local, host = local[:i], local[i+1:]
		}
		fmt.Fprintf(&b, "(%s NIL %s %s)", nstring(mime.QEncoding.Encode("utf-8", asSent(a.Name))), nstring(local), nstring(host))
	}
	return "(" + b.String() + ")"
}

// Structure returns BODYSTRUCTURE, or BODY if it is not to be extended.
func (p *Part) Structure(extended bool) string {
	kind, subtype, _ := strings.Cut(p.kind, "/")
	var items []string
	if p.multipart() {
		children := ""
		for _, child := range p.parts {
			children += child.Structure(extended)
		}
		items = append(items, children, Quote(strings.ToUpper(subtype)))
		if extended {
			items = append(items, parameters(p.params))
		}
	} else {
		items = append(items, Quote(strings.ToUpper(kind)), Quote(strings.ToUpper(subtype)), parameters(p.params),
			nstring(p.Field("Content-Id")), nstring(p.Field("Content-Description")), Quote(p.encoding()), fmt.Sprint(len(p.Body)))
		lines := fmt.Sprint(strings.Count(p.Body, "\n"))
		if p.kind == "message/rfc822" {
			items = append(items, p.parts[0].Envelope(), p.parts[0].Structure(extended), lines)
		} else if kind == "text" {
			items = append(items, lines)
		}
		if extended {
			items = append(items, nstring(p.Field("Content-Md5")))
		}
	}
	if extended {
		items = append(items, p.disposition(), nstring(p.Field("Content-Language")), nstring(p.Field("Content-Location")))
	}
	return "(" + strings.Join(items, " ") + ")"
}

func (p *Part) encoding() string {
	if e := p.Field("Content-Transfer-Encoding"); e != "" {
		return strings.ToUpper(e)
	}
	return "7BIT"
}

func (p *Part) disposition() string {
	kind, params, err := mime.ParseMediaType(p.Field("Content-Disposition"))
	if err != nil {
		return "NIL"
	}
	return fmt.Sprintf("(%s %s)", Quote(strings.ToUpper(kind)), parameters(params))
}

func parameters(params map[string]string) string {
	if len(params) == 0 {
		return "NIL"
	}
	var items []string
	for _, key := range slices.Sorted(maps.Keys(params)) {
		items = append(items, Quote(strings.ToUpper(key)), text7(params[key]))
	}
	return "(" + strings.Join(items, " ") + ")"
}
