package response

import "bytes"

// A Frame finds where the response at the beginning of a buffer ends, as the buffer
// fills. Its zero value, but for the limits, is for a response that has not begun.
type Frame struct {
	*Limits
	Hold   int  // how many bytes of bodies are held; less than Inline means Inline
	Head   Head // how the response begins, once its first line is complete
	Whole  bool // lists of numbers are held as well
	begun  bool // the head is known
	end    int  // the lines and literals before it are complete
	looked int  // no line ends between end and here
	held   int  // bytes of literals that are held
	bodies int  // of those, bytes of message bodies
}

// Reset makes the Frame ready for the next response. tail says that the buffer begins
// after a body that was passed on, inside its FETCH.
func (f *Frame) Reset(tail bool) {
	*f = Frame{Limits: f.Limits}
	if tail {
		f.begun, f.Head.Kind = true, Fetch
	}
}

// Extent is how much of a buffer belongs to a response.
type Extent struct {
	Len  int   // how many bytes; 0 if more have to be read to tell
	Need int   // if Len is 0: how long the buffer has to be at least
	Body int64 // the bytes end with the announcement of a body this large, which is not held; 0: no body
	// Numbers is set if the buffer begins with a list of numbers that is too long to
	// be held: see [Numbers].
	Numbers bool
}

// long is from where on a list of numbers is not held as text.
const long = 32 << 10

// Find looks for the end of the response in buf, which begins with it. Between two
// calls buf may have grown. Another call after it was found takes the next line into
// the response: it is for a response that turned out to have a line's end inside a
// list.
func (f *Frame) Find(buf []byte) (Extent, error) {
	for {
		if f.end > len(buf) {
			return Extent{Need: f.end}, nil
		}
		from := max(f.looked, f.end)
		i := bytes.IndexByte(buf[from:], '\n')
		if i < 0 {
			f.looked = len(buf)
			switch {
			case len(buf)-f.held > f.Line:
				return Extent{}, exceeded("response of more than %d bytes", f.Line)
			case !f.begun && !f.Whole && len(buf) > long && f.isNumbers(buf):
				return Extent{Numbers: true}, nil
			}
			return Extent{Need: len(buf) + 1}, nil
		}
		line := buf[f.end : from+i+1]
		if f.end += len(line); f.end-f.held > f.Line {
			return Extent{}, exceeded("response of more than %d bytes", f.Line)
		}
		if !f.begun {
			f.begun, f.Head = true, ParseHead(buf[:f.end])
		}
		size, ok, err := literal(line)
		if err != nil {
			return Extent{}, err
		}
		if !ok || f.text() {
			return Extent{Len: f.end}, nil
		}
		body := f.Head.Kind == Fetch && isBody(buf[:f.end])
		if body && size > int64(max(f.Hold, Inline)-f.bodies) {
			return Extent{Len: f.end, Body: size}, nil
		}
		if err := f.hold(size, body); err != nil {
			return Extent{}, err
		}
	}
}

// text reports whether the response ends in a text for people, which has no
// literals.
func (f *Frame) text() bool {
	return f.Head.Kind == Continue || f.Head.Kind.IsStatus() || f.Head.Tagged
}

// hold makes a literal part of the response. Those of bodies, which are small, have room
// of their own.
func (f *Frame) hold(size int64, body bool) error {
	if others := f.held - f.bodies; !body && size > int64(f.Literal-others) {
		return exceeded("string of %d bytes", size)
	}
	f.end += int(size)
	f.held += int(size)
	if body {
		f.bodies += int(size)
	}
	return nil
}

// isNumbers reports whether a response is a list of numbers.
func (f *Frame) isNumbers(b []byte) bool {
	f.Head = ParseHead(b)
	return f.Head.Kind == Search || f.Head.Kind == Sort
}

// literal returns the length of the literal that a line announces at its end
// (RFC 9051 §4.3). Its error is that of a number which nothing can hold.
func literal(line []byte) (size int64, ok bool, err error) {
	digits, ok := announced(line)
	if !ok {
		return 0, false, nil
	}
	n, ok := number(digits, maxNumber64)
	if !ok {
		return 0, false, exceeded("string of %s bytes", digits[:min(len(digits), 40)])
	}
	return int64(n), true, nil
}

// announced returns the digits of the announcement of a literal at the end of a line.
// Some servers write a "+" after them, as only clients may.
func announced(line []byte) (digits []byte, ok bool) {
	line = trimEnd(line)
	if len(line) < 3 || line[len(line)-1] != '}' {
		return nil, false
	}
	open := bytes.LastIndexByte(line, '{')
	if open < 0 {
		return nil, false
	}
	digits = bytes.TrimSuffix(line[open+1:len(line)-1], []byte("+"))
	return digits, len(digits) > 0 && len(bytes.Trim(digits, "0123456789")) == 0
}

// LiteralSize returns the length of the literal that a line announces, which must be
// all that is on the line.
func LiteralSize(line []byte) (size int64, ok bool) {
	if len(line) == 0 || line[0] != '{' || bytes.LastIndexByte(line, '{') != 0 {
		return 0, false
	}
	size, ok, err := literal(line)
	return size, ok && err == nil
}

// trimEnd takes the end off a line.
func trimEnd(line []byte) []byte {
	for _, c := range []byte("\n\r") {
		if n := len(line); n > 0 && line[n-1] == c {
			line = line[:n-1]
		}
	}
	return line
}

// isBody reports whether the literal that b ends with is that of a BODY[] or
// BINARY[] item, with or without an origin.
func isBody(b []byte) bool {
	b = b[:bytes.LastIndexByte(b, '{')]
	b = bytes.TrimRight(b, " ~")
	return len(b) > 0 && (b[len(b)-1] == ']' || b[len(b)-1] == '>')
}
