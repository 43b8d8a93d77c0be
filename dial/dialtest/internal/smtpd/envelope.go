package smtpd

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// mail returns the reply to MAIL.
func (s *Session) mail(args string) string {
	address, params, ok := path("FROM:", args)
	switch {
	case !s.helloed:
		return "503 5.5.1 say EHLO first"
	case s.Submission && !s.Authed && !s.MayLogin():
		return "530 5.7.0 begin TLS first"
	case s.Submission && !s.Authed:
		return "530 5.7.0 log in first"
	case s.sender:
		return "503 5.5.1 not now"
	case !ok:
		return "501 5.5.4 no address"
	}
	for _, p := range params {
		if reply := s.mailParameter(p); reply != "" {
			return reply
		}
	}
	if reply := s.checkUTF8(address, params); reply != "" {
		return reply
	}
	s.sender, s.Message.From, s.Message.MailParams = true, address, params
	return "250 2.1.0 sender accepted"
}

// mailParameter returns the refusal of a parameter of MAIL, "" if it is right.
func (s *Session) mailParameter(p string) string {
	key, value, _ := strings.Cut(strings.ToUpper(p), "=")
	known := map[string]string{ // the extension that a parameter belongs to
		"SIZE": "SIZE", "SMTPUTF8": "SMTPUTF8", "RET": "DSN", "ENVID": "DSN", "REQUIRETLS": "REQUIRETLS", "AUTH": "AUTH",
		"BODY=7BIT": "8BITMIME", "BODY=8BITMIME": "8BITMIME", "BODY=BINARYMIME": "BINARYMIME",
	}
	extension := known[key]
	if key == "BODY" {
		extension = known[key+"="+value]
	}
	if extension == "" || !s.Has(extension) || extension == "REQUIRETLS" && !s.Secure() {
		return "555 5.5.4 unknown parameter " + key
	}
	if size, err := strconv.ParseInt(value, 10, 64); key == "SIZE" && err != nil {
		return "501 5.5.4 not a size"
	} else if key == "SIZE" && s.MaxSize > 0 && size > s.MaxSize {
		return tooLarge
	}
	return ""
}

const tooLarge = "552 5.3.4 the message is too large"

// checkUTF8 returns the refusal of an address that needs SMTPUTF8 and comes
// without (RFC 6531 §3.4).
func (s *Session) checkUTF8(address string, params []string) string {
	ascii := !strings.ContainsFunc(address, func(r rune) bool { return r > unicode.MaxASCII })
	if ascii || hasParam(params, "SMTPUTF8") {
		return ""
	}
	return "553 5.6.7 the address needs SMTPUTF8"
}

// hasParam reports whether a parameter is there, in any case.
func hasParam(params []string, want string) bool {
	return slices.ContainsFunc(params, func(p string) bool { return strings.EqualFold(p, want) })
}

// rcpt returns the reply to RCPT.
func (s *Session) rcpt(args string) string {
	address, params, ok := path("TO:", args)
	switch {
	case !s.sender:
		return "503 5.5.1 not now"
	case !ok || address == "":
		return "501 5.5.4 no address"
	}
	for _, p := range params {
		key, _, _ := strings.Cut(strings.ToUpper(p), "=")
		if key != "NOTIFY" && key != "ORCPT" || !s.Has("DSN") {
			return "555 5.5.4 unknown parameter " + key
		}
	}
	if reply := s.checkUTF8(address, s.Message.MailParams); reply != "" {
		return reply
	}
	s.Message.To = append(s.Message.To, address)
	s.Message.RcptParams = append(s.Message.RcptParams, params)
	return "250 2.1.5 recipient accepted"
}

// path returns the address and the parameters in "FROM:<address> parameters" or
// "TO:<...> ...".
func path(word, args string) (address string, params []string, ok bool) {
	if len(args) < len(word) || !strings.EqualFold(args[:len(word)], word) {
		return "", nil, false
	}
	rest, open := strings.CutPrefix(strings.TrimLeft(args[len(word):], " "), "<")
	end := pathEnd(rest)
	if !open || end < 0 {
		return "", nil, false
	}
	return rest[:end], strings.Fields(rest[end+1:]), true
}

// pathEnd returns where the ">" is that ends a path: not in a quoted local part
// (RFC 5321 §4.1.2). It is -1 if there is none.
func pathEnd(text string) int {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case quoted && text[i] == '\\':
			i++
		case text[i] == '"':
			quoted = !quoted
		case text[i] == '>' && !quoted:
			return i
		}
	}
	return -1
}
