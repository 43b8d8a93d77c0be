package behind

import "compress/flate"

// deflater compresses what the server says, and cuts it into segments after that.
type deflater struct {
	s *server
	w *flate.Writer
}

func newDeflater(s *server) deflater {
	d := deflater{s: s}
	d.w, _ = flate.NewWriter(cutter{s}, flate.DefaultCompression)
	return d
}

func (d deflater) Write(p []byte) (int, error) {
	if _, err := d.w.Write(p); err != nil {
		return 0, err
	}
	return len(p), d.w.Flush()
}

// cutter cuts what is written into segments.
type cutter struct{ s *server }

func (c cutter) Write(p []byte) (done int, err error) {
	for done < len(p) && err == nil {
		n := min(c.s.piece(), len(p)-done)
		if _, err = c.s.conn.Write(p[done : done+n]); err == nil {
			done += n
		}
	}
	return done, err
}
