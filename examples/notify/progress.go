package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mailconn/mailconn/examples/internal/prompt"
)

// progress shows how far the run is, in one line of a terminal. Elsewhere it is
// quiet: the answers say it all.
type progress struct {
	w     io.Writer // nil: quiet
	count map[string]int
	start time.Time
	shown time.Time
}

func newProgress(w io.Writer) *progress {
	p := &progress{count: map[string]int{}, start: time.Now()}
	if f, ok := w.(*os.File); ok && prompt.IsTerminal(f) {
		p.w = w
	}
	return p
}

// add counts a message.
func (p *progress) add(outcome string) {
	p.count[outcome]++
	if now := time.Now(); p.w != nil && now.Sub(p.shown) >= 100*time.Millisecond {
		p.shown = now
		fmt.Fprintf(p.w, "\r%s\x1b[K", p.line(now.Sub(p.start)))
	}
}

// end leaves the last state standing.
func (p *progress) end() {
	if p.w != nil && len(p.count) > 0 {
		fmt.Fprintf(p.w, "\r%s\x1b[K\n", p.line(time.Since(p.start)))
	}
}

func (p *progress) line(took time.Duration) string {
	rate := float64(p.count["sent"]) / max(took.Seconds(), 1e-3)
	return fmt.Sprintf("%d sent (%.0f a second), %d refused, %d not sent, %d in doubt",
		p.count["sent"], rate, p.count["refused"], p.count["not sent"], p.count["in doubt"])
}
