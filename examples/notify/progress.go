package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/mailconn/mailconn/examples/internal/prompt"
	"github.com/mailconn/mailconn/smtpconn/outbox"
)

// screen is standard error. On a terminal its last line is how far the run is;
// elsewhere there is no such line: the answers say it all.
type screen struct {
	w        io.Writer
	terminal bool

	mu     sync.Mutex
	counts map[string]int
	sent   int // when the last line was shown
	shown  time.Time
}

func newScreen(w io.Writer) *screen {
	f, ok := w.(*os.File)
	return &screen{w: w, terminal: ok && prompt.IsTerminal(f), counts: map[string]int{}, shown: time.Now()}
}

// count counts an answer.
func (s *screen) count(outcome string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[outcome]++
}

// say writes a line of its own, also where there is no terminal.
func (s *screen) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal {
		fmt.Fprint(s.w, "\r\x1b[K")
	}
	fmt.Fprintf(s.w, "notify: "+format+"\n", args...)
}

// show shows how far the run is.
func (s *screen) show(n outbox.Stats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal {
		fmt.Fprintf(s.w, "\r%s\x1b[K", s.line(n, time.Now()))
	}
}

// end leaves the last line standing.
func (s *screen) end(n outbox.Stats) {
	s.show(n)
	if s.terminal {
		fmt.Fprintln(s.w)
	}
}

// line returns how far the run is, with the rate since the last line.
func (s *screen) line(n outbox.Stats, now time.Time) string {
	rate := float64(s.counts["sent"]-s.sent) / max(now.Sub(s.shown).Seconds(), 1e-3)
	s.sent, s.shown = s.counts["sent"], now
	failed := s.counts["refused"] + s.counts["not sent"] + s.counts["expired"] + s.counts["given up"]
	return fmt.Sprintf("%d waiting, %d sent (%.0f a second), %d failed, %d in doubt", n.Waiting, s.sent, rate, failed, n.InDoubt)
}
