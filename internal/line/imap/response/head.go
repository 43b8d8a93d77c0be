package response

import "bytes"

// Head is how a response begins.
type Head struct {
	Kind   Kind
	Tagged bool   // the response answers a command
	Number uint32 // of data that begins with a number
	Args   int    // where the rest of the response begins, after one blank if there is one
	Strict bool   // the head is as RFC 9051 has it, in upper case

	tag, name span
}

// span is where a word stands.
type span struct{ from, to int }

// Tag returns the first word of the response in b, which is a command's tag if the
// response is tagged.
func (h Head) Tag(b []byte) []byte { return b[h.tag.from:h.tag.to] }

// Name returns the word that says what the response in b is, in the server's case.
func (h Head) Name(b []byte) []byte { return b[h.name.from:h.name.to] }

// ParseHead reads the head of a response. Blanks and letters' case are taken as they
// come: servers write two blanks after the "*" (seen with DavMail), and begin a
// status with its code (seen with Exchange). A number that is out of range, or
// missing, makes the kind Unknown.
func ParseHead(b []byte) Head {
	w := words{b: b, strict: true}
	first := w.next()
	switch {
	case len(first) > 0 && first[0] == '+':
		if len(first) > 1 {
			return Head{Kind: Continue, Args: w.start + 1}
		}
		return Head{Kind: Continue, Args: w.at, Strict: w.strict}
	case len(first) == 0 && w.at < len(b) && b[w.at] == '[':
		return Head{Kind: OK, Args: w.at}
	}
	h := Head{Tagged: string(first) != "*", tag: span{w.start, w.start + len(first)}}
	name := w.next()
	n, isNumber := number(name, maxNumber)
	if isNumber {
		h.Number = uint32(n)
		name = w.next()
	}
	h.name, h.Args, h.Strict = span{w.start, w.start + len(name)}, w.at, w.strict
	if h.Kind = kindOf(name); h.Kind == Unknown && len(name) <= len("CAPABILITY") {
		h.Kind, h.Strict = kindOf(bytes.ToUpper(name)), false
	}
	if h.Kind.numbered() != isNumber || h.Tagged && !h.Kind.IsStatus() {
		h.Kind = Unknown
	}
	if h.Kind == Expunge && h.Number == 0 || h.Kind == Fetch && h.Number == 0 {
		h.Kind = Unknown
	}
	return h
}

// words cuts a line into words.
type words struct {
	b         []byte
	start, at int  // where the last word begins, and where the next one may
	strict    bool // one blank was between words, and none before the first
}

// next returns the next word, which is empty at the end of the line and ends ahead
// of a parenthesis and of a bracket too. One blank after it is passed over.
func (w *words) next() []byte {
	i := w.at
	for i < len(w.b) && (w.b[i] == ' ' || w.b[i] == '\t') {
		i++
	}
	if i > w.at {
		w.strict = false
	}
	w.start = i
	for i < len(w.b) && !endsWord(w.b[i]) {
		i++
	}
	word := w.b[w.start:i]
	switch {
	case i == len(w.b) || w.b[i] == '\r':
	case w.b[i] == ' ':
		i++
	default:
		w.strict = false
	}
	w.at = i
	return word
}

func endsWord(c byte) bool {
	return c == ' ' || c == '\r' || c == '\n' || c == '\t' || c == '(' || c == '['
}

// number reads a decimal number of at most max.
func number(b []byte, max uint64) (n uint64, ok bool) {
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' || n > max/10 {
			return 0, false
		}
		if n = n*10 + uint64(c-'0'); n > max {
			return 0, false
		}
	}
	return n, true
}
