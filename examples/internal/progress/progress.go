// Package progress shows how far a program is that saves messages.
package progress

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mailconn/mailconn/examples/internal/prompt"
)

// Progress shows how far a run is: on a terminal in one line that changes, elsewhere in a
// line every few seconds.
type Progress struct {
	w        io.Writer
	terminal bool
	every    time.Duration

	messages, of int
	bytes, size  int64
	start, shown time.Time
}

// New returns a Progress that writes to w.
func New(w io.Writer) *Progress {
	p := &Progress{w: w, every: 5 * time.Second}
	if f, ok := w.(*os.File); ok && prompt.IsTerminal(f) {
		p.terminal, p.every = true, 100*time.Millisecond
	}
	return p
}

// Begin is told what there is to do. The size is the server's word.
func (p *Progress) Begin(messages int, size int64) {
	p.of, p.size = messages, size
	p.start = time.Now()
	p.shown = p.start
}

// Saved is told of a message.
func (p *Progress) Saved(n int64) {
	p.messages++
	p.bytes += n
	if now := time.Now(); now.Sub(p.shown) >= p.every {
		p.shown = now
		p.show(now.Sub(p.start))
	}
}

// End leaves the last state standing.
func (p *Progress) End() {
	if p.messages > 0 && p.terminal {
		p.show(time.Since(p.start))
		fmt.Fprintln(p.w)
	}
}

func (p *Progress) show(took time.Duration) {
	if p.terminal {
		fmt.Fprintf(p.w, "\r%s\x1b[K", p.line(took))
		return
	}
	fmt.Fprintln(p.w, p.line(took))
}

// line is messages, bytes, rate and the time that is left, of which the first second is no
// measure.
func (p *Progress) line(took time.Duration) string {
	rate := float64(p.bytes) / max(took.Seconds(), 1e-3)
	s := fmt.Sprintf("%d/%s  %s of %s  %s/s", p.messages, Count(p.of, "message"), Amount(p.bytes), Amount(p.size), Amount(int64(rate)))
	if left := p.size - p.bytes; left > 0 && rate > 0 && p.messages < p.of && took >= time.Second {
		s += "  " + time.Duration(float64(left)/rate*float64(time.Second)).Round(time.Second).String() + " left"
	}
	return s
}

// Count is "1 message" or "2 messages" for the thing "message".
func Count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// Amount is a number of bytes for a person.
func Amount(n int64) string {
	const k = 1000
	switch {
	case n < k:
		return fmt.Sprintf("%d B", n)
	case n < k*k:
		return fmt.Sprintf("%.1f kB", float64(n)/k)
	case n < k*k*k:
		return fmt.Sprintf("%.1f MB", float64(n)/k/k)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/k/k/k)
}
