package stream

// fill reads more into the input, of which need bytes are wanted.
func (s *Stream) fill(need int) error {
	s.in.reserve(need, s.frame.Hold)
	n, err := s.receive(s.in.free())
	s.in.end += n
	return err
}

// receive reads from the connection, within the time that the server has. It returns
// an error only if nothing was read.
func (s *Stream) receive(p []byte) (int, error) {
	for {
		if err := s.await(); err != nil {
			return 0, err
		}
		n, err := s.conn.Read(p)
		if again, err := s.received(n, err); !again {
			return n, err
		}
	}
}

// pieceSize is how much of a body is progress: a byte now and then is none.
const pieceSize = 16 << 10

// passed notes that n bytes of a body have come.
func (s *Stream) passed(n int) {
	s.body -= int64(n)
	if s.piece += int64(n); s.piece >= pieceSize || s.body == 0 {
		s.piece = 0
		s.mu.Lock()
		s.clock.progress(s.pending.Due() != nil)
		s.mu.Unlock()
	}
}
