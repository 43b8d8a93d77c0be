package smtpconn

// sendContent sends the content of a message, and its end.
func (s *sender) sendContent(o *outgoing) {
	o.begun = true
	send := s.sendText
	if o.chunked {
		send = s.sendChunks
	}
	if err := send(o); err != nil {
		// Without its end a message is dropped by the server if the connection is
		// (RFC 5321 §4.1.1.4).
		s.Fail(errUnfinished)
		s.giveUp(o, PhaseContent, err)
	}
}

// minRoom is how much of the buffer is left to the encoder at least: with less a
// write is made first.
const minRoom = 512

// sendText sends content behind DATA.
func (s *sender) sendText(o *outgoing) error {
	s.Put(o.start)
	for !o.content.Done() {
		room := s.Room(minRoom)
		if s.Failed() {
			return nil // and judged as broken
		}
		n, err := o.content.Fill(room)
		if err != nil {
			return err
		}
		s.Filled(n)
	}
	if ready, err := s.readyToEnd(o); !ready {
		return err
	}
	o.endAt = s.Position()
	o.end = s.Command(dotLine, &s.expect.end)
	return nil
}
