package pop3conn

import (
	"io"
	"sync"
)

// sender writes commands from a goroutine of its own. The reader of the replies
// never waits for a write, so that client and server cannot wait for each other with
// full buffers, however small these are (RFC 2449 §6.6).
//
// A write has no time limit: it may have to wait for as long as a message is not
// read. A server that takes nothing is found out by the wait for its reply.
type sender struct {
	w    io.Writer
	wake chan struct{} // holds one call to write what is pending
	done chan struct{}

	mu      sync.Mutex
	pending []byte // bounded by the commands that may be under way
}

func newSender(w io.Writer) *sender {
	s := &sender{w: w, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go s.run()
	return s
}

// run ends with a write that fails: the reader finds a connection that is broken by
// itself, after the replies that came before.
func (s *sender) run() {
	defer close(s.done)
	var out []byte
	for range s.wake {
		s.mu.Lock()
		out, s.pending = s.pending, out[:0]
		s.mu.Unlock()
		if _, err := s.w.Write(out); err != nil {
			return
		}
	}
}

// send has add append commands to those that wait to be written. It does not block.
func (s *sender) send(add func(pending []byte) []byte) {
	s.mu.Lock()
	s.pending = add(s.pending)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// stop ends the goroutine, once what is pending was written.
func (s *sender) stop() {
	close(s.wake)
	<-s.done
}
