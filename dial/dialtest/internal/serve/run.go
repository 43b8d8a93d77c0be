package serve

// Run speaks until one side is done, and closes the connection.
func (s *Session) Run(p Protocol) {
	defer s.order(Closed)
	err := s.run(p)
	if c, ok := p.(interface{ Close() }); ok {
		c.Close()
	}
	s.out.Flush()
	if err == ErrEnd && s.secure != nil {
		s.secure.CloseWrite()
	}
	if err == errCut {
		s.conn.Close()
		return
	}
	s.conn.End()
}

// run is Run without what ends the connection.
func (s *Session) run(p Protocol) error {
	if s.order(Connect); s.end != GoOn {
		return s.finish()
	}
	if s.Implicit {
		if err := s.handshake(); err != nil {
			return err
		}
	}
	if greeting := s.greet(p); greeting != "" && !p.Greeted(greeting) {
		return ErrEnd
	}
	for {
		if s.end != GoOn {
			return s.finish()
		}
		line, err := s.Line()
		if err != nil {
			return err
		}
		if err := p.Handle(line); err != nil {
			return err
		}
	}
}

// greet greets, and returns the last line of that; "" if a rule has it say nothing.
func (s *Session) greet(p Protocol) string {
	greeting := p.Greeting()
	if s.Greeting != "" {
		greeting = s.Greeting
	}
	said := ""
	say := func(line string) {
		said = line
		s.Say("%s", line)
	}
	s.Command(Greeting, say, func() error { say(greeting); return nil })
	return said
}
