package imapd

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
	return quote(text)
}

// envelope returns ENVELOPE (RFC 3501 §7.4.2).
func (p *part) envelope() string {
	from := p.addresses("From")
	or := func(list, other string) string {
		if list == "NIL" {
			return other
		}
		return list
	}
	return "(" + strings.Join([]string{
		nstring(p.field("Date")), nstring(p.field("Subject")), from,
		or(p.addresses("Sender"), from), or(p.addresses("Reply-To"), from),
		p.addresses("To"), p.addresses("Cc"), p.addresses("Bcc"),
		nstring(p.field("In-Reply-To")), nstring(p.field("Message-Id")),
	}, " ") + ")"
}

// addresses returns a field's addresses, NIL if it has none that can be parsed.
func (p *part) addresses(name string) string {
	list, err := mail.ParseAddressList(p.field(name))
	if err != nil || len(list) == 0 {
		return "NIL"
	}
	var b strings.Builder
	for _, a := range list {
		local, host := a.Address, ""
		if i := strings.LastIndexByte(local, '@'); i >= 0 {
			local, host = local[:i], local[i+1:]
		}
		fmt.Fprintf(&b, "(%s NIL %s %s)", nstring(mime.QEncoding.Encode("utf-8", a.Name)), nstring(local), nstring(host))
	}
	return "(" + b.String() + ")"
}

// structure returns BODYSTRUCTURE, or BODY if it is not to be extended.
func (p *part) structure(extended bool) string {
	kind, subtype, _ := strings.Cut(p.kind, "/")
	var items []string
	if p.multipart() {
		children := ""
		for _, child := range p.parts {
			children += child.structure(extended)
		}
		items = append(items, children, quote(strings.ToUpper(subtype)))
		if extended {
			items = append(items, parameters(p.params))
		}
	} else {
		items = append(items, quote(strings.ToUpper(kind)), quote(strings.ToUpper(subtype)), parameters(p.params),
			nstring(p.field("Content-Id")), nstring(p.field("Content-Description")), quote(p.encoding()), fmt.Sprint(len(p.body)))
		lines := fmt.Sprint(strings.Count(p.body, "\n"))
		if p.kind == "message/rfc822" {
			items = append(items, p.parts[0].envelope(), p.parts[0].structure(extended), lines)
		} else if kind == "text" {
			items = append(items, lines)
		}
		if extended {
			items = append(items, nstring(p.field("Content-Md5")))
		}
	}
	if extended {
		items = append(items, p.disposition(), nstring(p.field("Content-Language")), nstring(p.field("Content-Location")))
	}
	return "(" + strings.Join(items, " ") + ")"
}

func (p *part) encoding() string {
	if e := p.field("Content-Transfer-Encoding"); e != "" {
		return strings.ToUpper(e)
	}
	return "7BIT"
}

func (p *part) disposition() string {
	kind, params, err := mime.ParseMediaType(p.field("Content-Disposition"))
	if err != nil {
		return "NIL"
	}
	return fmt.Sprintf("(%s %s)", quote(strings.ToUpper(kind)), parameters(params))
}

func parameters(params map[string]string) string {
	if len(params) == 0 {
		return "NIL"
	}
	var items []string
	for _, key := range slices.Sorted(maps.Keys(params)) {
		items = append(items, quote(strings.ToUpper(key)), text7(params[key]))
	}
	return "(" + strings.Join(items, " ") + ")"
}
