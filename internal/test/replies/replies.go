// Package replies is a server in memory that gives prepared answers, for the tests of what
// speaks a protocol line by line.
package replies

import "strings"

// Server gives the next of its answers to each write, without any goroutine. The first is
// there before. Read returns io.EOF where an answer ends.
type Server struct {
	// Received is what was written to it, write by write, without the tag of a tagged
	// server's commands.
	Received []string

	answers []string
	tagged  bool
	out     strings.Reader
}

// New returns a server with these answers.
func New(answers ...string) *Server {
	s := &Server{answers: answers}
	s.next("")
	return s
}

// NewTagged returns a server whose clients put a tag before each command. <t> in an answer
// stands for it.
func NewTagged(answers ...string) *Server {
	s := New(answers...)
	s.tagged = true
	return s
}

func (s *Server) next(tag string) {
	if len(s.answers) > 0 {
		s.out.Reset(strings.ReplaceAll(s.answers[0], "<t>", tag))
		s.answers = s.answers[1:]
	}
}

// Read reads from the answer that was given last.
func (s *Server) Read(p []byte) (int, error) { return s.out.Read(p) }

// Write takes what a client says, and gives the next answer.
func (s *Server) Write(p []byte) (int, error) {
	tag, said := "", string(p)
	if s.tagged {
		tag, said, _ = strings.Cut(said, " ")
	}
	s.Received = append(s.Received, said)
	s.next(tag)
	return len(p), nil
}
