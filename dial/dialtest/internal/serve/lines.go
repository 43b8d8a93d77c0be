package serve

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// Say queues a line for the client, unless a rule has it carried out without a word.
func (s *Session) Say(format string, args ...any) {
	if !s.muted {
		s.SayAnyway(format, args...)
	}
}

// SayAnyway is Say for a line that the client must answer.
func (s *Session) SayAnyway(format string, args ...any) {
	line := fmt.Sprintf(format, args...) + "\r\n"
	s.out.WriteString(line)
	s.note(false, line)
}

// Write queues bytes for the client as Say does.
func (s *Session) Write(p []byte) (int, error) {
	if s.muted {
		return len(p), nil
	}
	s.note(false, string(p))
	return s.out.Write(p)
}

// Flush sends what is queued.
func (s *Session) Flush() { s.out.Flush() }

// Line returns the client's next line without its end. What is queued goes out
// first, unless the next line is here already: then all is answered at once.
func (s *Session) Line() (string, error) {
	raw, err := s.RawLine()
	return strings.TrimRight(raw, "\r\n"), err
}

// RawLine is Line with the line's end.
func (s *Session) RawLine() (string, error) {
	if !s.Waiting() {
		s.out.Flush()
	}
	line, err := s.in.ReadString('\n')
	s.note(true, line)
	return line, err
}

// NextLine is Line for a session that writes while it waits for the client.
func (s *Session) NextLine() (string, error) {
	line, err := s.in.ReadString('\n')
	s.note(true, line)
	return strings.TrimRight(line, "\r\n"), err
}

// Waiting reports whether a line of the client's is here already.
func (s *Session) Waiting() bool {
	waiting, _ := s.in.Peek(s.in.Buffered())
	return bytes.Contains(waiting, []byte("\n"))
}

// Ahead reports whether the client has sent more than the line that is being
// answered though PIPELINING is not offered.
func (s *Session) Ahead() bool { return s.in.Buffered() > 0 && !s.Has("PIPELINING") }

// ReadFull reads so many bytes of the client's.
func (s *Session) ReadFull(p []byte) error {
	if s.in.Buffered() < len(p) {
		s.out.Flush()
	}
	n, err := io.ReadFull(s.in, p)
	s.note(true, string(p[:n]))
	return err
}

func (s *Session) note(client bool, line string) {
	if s.Trace != nil && line != "" {
		s.Trace(client, s.secure != nil, line)
	}
}
