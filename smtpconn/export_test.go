package smtpconn

import "io"

// Clean reads content as Send does, in steps of size bytes.
func Clean(src io.Reader, size int, eightBit, normalize bool) (out []byte, err error) {
	c := cleaner{src: src, eightBit: eightBit, normalize: normalize}
	buf := make([]byte, size)
	for !c.eof {
		n, err := c.fill(buf)
		if err != nil {
			return out, err
		}
		out = append(out, buf[:n]...)
	}
	return out, nil
}

// Stuff doubles dots in the parts of a text.
func Stuff(parts ...[]byte) (out []byte) {
	var s stuffer
	for _, p := range parts {
		s.stuff(p, func(b []byte) { out = append(out, b...) })
	}
	return out
}
