package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mailconn/mailconn/examples/internal/prompt"
)

// progress shows how far the run is, in one line of a terminal. Elsewhere there is
// no such line: the answers say it all.
type progress struct {
	w        io.Writer
	terminal bool
	count    map[string]int
	start    time.Time
	shown    time.Time
}

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, terminal: ok && prompt.IsTerminal(f), count: map[string]int{}, start: time.Now()}
}

// add counts a message.
func (p *progress) add(outcome string) {
	p.count[outcome]++
	if now := time.Now(); p.terminal && now.Sub(p.shown) >= 100*time.Millisecond {
		p.shown = now
		fmt.Fprintf(p.w, "\r%s\x1b[K", p.line(now.Sub(p.start)))
	}
}

// say writes a line of its own, also where there is no terminal.
func (p *progress) say(format string, args ...any) {
	if p.terminal {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	fmt.Fprintf(p.w, "notify: "+format+"\n", args...)
}

// end leaves the last state standing.
func (p *progress) end() {
	if p.terminal && len(p.count) > 0 {
		fmt.Fprintf(p.w, "\r%s\x1b[K\n", p.line(time.Since(p.start)))
	}
}

func (p *progress) line(took time.Duration) string {
	rate := float64(p.count["sent"]) / max(took.Seconds(), 1e-3)
	return fmt.Sprintf("%d sent (%.0f a second), %d refused, %d not sent, %d in doubt",
		p.count["sent"], rate, p.count["refused"], p.count["not sent"], p.count["in doubt"])
}
