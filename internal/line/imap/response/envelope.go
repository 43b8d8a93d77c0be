package response

import "bytes"

// envelope is the structure of a message's header (RFC 9051 §7.5.2).
func (s *Scanner) envelope() bool {
	if !(s.is('(') && s.nstring(MaxDate) && s.is(' ') && s.ntext()) {
		return false
	}
	for range 6 { // from, sender, reply-to, to, cc, bcc
		if !s.is(' ') || !s.addresses() {
			return false
		}
	}
	return s.is(' ') && s.nstring(MaxIDs) && s.is(' ') && s.nstring(MaxID) && s.is(')')
}

// addresses is NIL or a list of addresses, which have no blanks between them.
func (s *Scanner) addresses() bool {
	if s.null() {
		return true
	}
	if !s.is('(') {
		return false
	}
	for !s.is(')') {
		if !s.address() {
			return false
		}
	}
	return true
}

func (s *Scanner) address() bool {
	return s.is('(') && s.ntext() && s.is(' ') && s.nstring(s.Line) && s.is(' ') &&
		s.nstring(s.Line) && s.is(' ') && s.nstring(s.Line) && s.is(')')
}

// dateTime is a date as INTERNALDATE has it (RFC 9051 §9, date-time).
func (s *Scanner) dateTime() bool {
	const form = `"dd-mmm-yyyy hh:mm:ss +zzzz"`
	if len(s.b)-s.i < len(form) {
		return false
	}
	s.words++
	d := s.b[s.i : s.i+len(form)]
	s.i += len(form)
	two := func(i, max int) bool {
		n := int(d[i]-'0')*10 + int(d[i+1]-'0')
		return d[i]-'0' <= 9 && d[i+1]-'0' <= 9 && n <= max
	}
	for _, c := range [...]struct {
		at   int
		want byte
	}{{0, '"'}, {3, '-'}, {7, '-'}, {12, ' '}, {15, ':'}, {18, ':'}, {21, ' '}, {27, '"'}} {
		if d[c.at] != c.want {
			return false
		}
	}
	return s.day(d) && d[8] != '0' && two(8, 99) && two(10, 99) && two(13, 23) && two(16, 59) && two(19, 59) &&
		(d[22] == '+' || d[22] == '-') && two(23, 23) && two(25, 59)
}

// day reports whether d begins with a day that its month has. The day may have a
// blank in place of a zero.
func (s *Scanner) day(d []byte) bool {
	const months = "JanFebMarAprMayJunJulAugSepOctNovDec"
	month := bytes.Index([]byte(months), d[4:7])
	tens := d[1] - '0'
	if d[1] == ' ' {
		tens = 0
	}
	day := int(tens)*10 + int(d[2]-'0')
	if month < 0 || month%3 != 0 || tens > 3 || d[2]-'0' > 9 {
		return false
	}
	last := int("\x1f\x1c\x1f\x1e\x1f\x1e\x1f\x1f\x1e\x1f\x1e\x1f"[month/3])
	return day >= 1 && day <= last
}
