// Package transcript writes down what a client and a server say to each other:
// every line both ways, with secrets left out and contents counted.
package transcript

import (
	"crypto/rand"
	"fmt"
	"io"
	"math/big"
	"sync"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

// How long a connection waits for its lines to be written: patience for each, and
// reserve in all for those that take longer, as on a busy machine or disk.
const (
	patience = 50 * time.Millisecond
	reserve  = time.Second
)

// sink writes the lines of one connection, one Write a line. A writer that does not
// take a line in time, or fails, loses lines, which the next line says. It never
// holds up the connection for longer than that, and no goroutine is left behind but
// one that the writer keeps.
type sink struct {
	w       io.Writer
	number  string        // of the connection
	reserve time.Duration // what is left of it

	mu   sync.Mutex
	busy chan struct{} // closed when the write under way has returned; nil: none
	lost int
	over bool // nothing more is written
}

func newSink(w io.Writer) *sink {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil { // crypto/rand never fails
		n = new(big.Int)
	}
	return &sink{w: w, reserve: reserve, number: fmt.Sprintf("%06d", n)}
}

// line writes a line made printable. kind is "C:" for the client's, "S:" for the
// server's, "--" for what neither says.
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

// end lets a line that is being written be written, and no other after it.
func (s *sink) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
}

// write gives a line to the writer and waits for it, but not long.
func (s *sink) write(line []byte) {
	begun, done := make(chan struct{}), make(chan struct{})
	failed := true
	go func() {
		defer close(done)
		close(begun)
		_, err := s.w.Write(line)
		failed = err != nil
	}()
	<-begun // the time is the writer's, and not that of a machine that has others to run
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
