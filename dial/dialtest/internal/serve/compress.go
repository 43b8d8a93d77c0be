package serve

import (
	"bufio"
	"compress/flate"
)

// Compress has both sides compress what they say after the go-ahead line (RFC 4978). It
// reports whether they did not before.
func (s *Session) Compress(goAhead string) bool {
	if s.packed {
		return false
	}
	s.goAhead(goAhead)
	s.packed = true
	w, _ := flate.NewWriter(s.out, flate.DefaultCompression) // the error is of another level
	s.in, s.out = bufio.NewReader(flate.NewReader(s.in)), bufio.NewWriter(packer{w, s.out})
	return true
}

// packer compresses what is written, and sends it at once.
type packer struct {
	w   *flate.Writer
	out *bufio.Writer
}

func (p packer) Write(b []byte) (int, error) {
	if _, err := p.w.Write(b); err != nil {
		return 0, err
	}
	if err := p.w.Flush(); err != nil {
		return 0, err
	}
	return len(b), p.out.Flush()
}
