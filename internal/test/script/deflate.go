package script

import (
	"bufio"
	"compress/flate"
	"net"
)

// deflate has both sides compress what they say from here on (RFC 4978).
func (p *play) deflate() error {
	w, err := flate.NewWriter(p.conn, flate.DefaultCompression)
	p.in = bufio.NewReader(flate.NewReader(p.in))
	p.conn = deflated{p.conn, w}
	return err
}

// deflated is a connection whose writes are compressed and flushed.
type deflated struct {
	net.Conn
	w *flate.Writer
}

func (d deflated) Write(b []byte) (int, error) {
	if _, err := d.w.Write(b); err != nil {
		return 0, err
	}
	return len(b), d.w.Flush()
}
