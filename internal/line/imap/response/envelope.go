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
	if d[0] != '"' || d[3] != '-' || d[7] != '-' || d[12] != ' ' || d[15] != ':' || d[18] != ':' || d[21] != ' ' || d[27] != '"' {
		return false
	}
	century, decade := two(d[8:]), two(d[10:])
	if century < 10 || decade < 0 || !isDay(d[1:3], d[4:7], century*100+decade) {
		return false
	}
	if hour, minute, second := two(d[13:]), two(d[16:]), two(d[19:]); hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return false
	}
	hours, minutes := two(d[23:]), two(d[25:])
	return (d[22] == '+' || d[22] == '-') && hours >= 0 && hours <= 23 && minutes >= 0 && minutes <= 59
}

// two returns the number that two digits are, and -1 if they are none.
func two(b []byte) int {
	if b[0] < '0' || b[0] > '9' || b[1] < '0' || b[1] > '9' {
		return -1
	}
	return int(b[0]-'0')*10 + int(b[1]-'0')
}

// isDay reports whether a month has a day, which may have a blank in place of a zero.
func isDay(day, month []byte, year int) bool {
	const months = "JanFebMarAprMayJunJulAugSepOctNovDec"
	m := bytes.Index([]byte(months), month)
	if m < 0 || m%3 != 0 {
		return false
	}
	d := two(day)
	if day[0] == ' ' {
		d = two([]byte{'0', day[1]})
	}
	last := int("\x1f\x1c\x1f\x1e\x1f\x1e\x1f\x1f\x1e\x1f\x1e\x1f"[m/3])
	if leap := year%4 == 0 && (year%100 != 0 || year%400 == 0); leap && m == 3 {
		last++
	}
	return d >= 1 && d <= last
}
