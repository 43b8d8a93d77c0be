// Package transcript writes down the conversation of a client and a server: every line in
// both directions, without secrets, and the number of bytes in place of content.
package transcript

import (
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

// How long a connection waits for the writer: patience for each line, and reserve for all
// that take longer together, as on a busy machine or disk.
const (
	patience = 50 * time.Millisecond
	reserve  = time.Second
)

// sink writes the lines of one connection, with one Write for each. If the writer does
// not take a line in time, or fails, lines are lost, and the next line says how many. A
// writer that blocks costs the connection no more time than that, and leaves one
// goroutine behind.
type sink struct {
	w       io.Writer
	number  string        // of the connection, at random
	reserve time.Duration // what is left of the reserve

	mu   sync.Mutex
	busy chan struct{} // closed when the write under way has returned; nil: none
	lost int
	over bool // no more lines are written
}

func newSink(w io.Writer) *sink {
	return &sink{w: w, reserve: reserve, number: fmt.Sprintf("%06d", rand.IntN(1_000_000))}
}

// line writes a line, made printable. kind is "C:" for a line of the client, "S:" for one
// of the server, and "--" for a note.
func (s *sink) line(kind, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	if s.busy != nil {
		select {
		case <-s.busy:
			s.busy = nil
		default:
			s.lost++
			return
		}
	}
	if s.lost > 0 {
		text = fmt.Sprintf("%s (before this, %d lines were lost)", text, s.lost)
	}
	s.write([]byte(fmt.Sprintf("%s %s %s %s\n", s.number, time.Now().Format("15:04:05.000"), kind, wire.Printable(text))))
}

// end waits for the line that is being written, and lets no other follow.
func (s *sink) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
}

// write gives a line to the writer, and waits for it within patience and reserve.
func (s *sink) write(line []byte) {
	begun, done := make(chan struct{}), make(chan struct{})
	failed := true
	go func() {
		defer close(done)
		close(begun)
		_, err := s.w.Write(line)
		failed = err != nil
	}()
	<-begun // the time until the goroutine runs is not the writer's
	start := time.Now()
	timer := time.NewTimer(patience + s.reserve)
	defer timer.Stop()
	defer func() { s.reserve -= min(s.reserve, max(0, time.Since(start)-patience)) }()
	select {
	case <-done:
		if failed {
			s.lost++
		} else {
			s.lost = 0
		}
	case <-timer.C:
		s.busy = done
	}
}
