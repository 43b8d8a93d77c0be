package smtpconn

import "io"

// Encode reads content as Send does, in steps of size bytes.
func Encode(src io.Reader, size int, ascii, normalize bool) (out []byte, err error) {
	e := encoder{src: src, ascii: ascii, normalize: normalize}
	buf := make([]byte, size)
	for !e.done() {
		n, err := e.read(buf)
		if err != nil {
			return out, err
		}
		out = append(out, buf[:n]...)
	}
	return out, nil
}

// Keeps reports whether a client keeps what it needs to send.
func (c *Client) Keeps() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sender != nil
}
