package smtpconn

import "bytes"

// stuffer doubles the dot at the start of a line (RFC 5321 §4.5.2). Lines end
// in CRLF: see cleaner.
type stuffer struct {
	inside bool // of a line
}

// stuff calls put with the parts of p, and with the dots between them.
func (s *stuffer) stuff(p []byte, put func([]byte)) {
	for len(p) > 0 {
		if !s.inside && p[0] == '.' {
			put(dot)
		}
		i := dotLine(p)
		put(p[:i])
		s.inside = p[i-1] != '\n'
		p = p[i:]
	}
}

var dot = []byte(".")

var lineAndDot = []byte("\n.")

// dotLine returns where, behind the first byte of p, a line with a dot in
// front begins, or the length of p.
func dotLine(p []byte) int {
	if i := bytes.Index(p, lineAndDot); i >= 0 {
		return i + 1
	}
	return len(p)
}
