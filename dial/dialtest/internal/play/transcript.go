package play

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// Limits of a transcript: it is for people.
const (
	maxTranscriptLines = 40
	maxTranscriptLine  = 100
)

// Transcript is what both sides said on one connection, as far as it is worth
// reading.
type Transcript struct {
	mu     sync.Mutex
	said   []string
	inside bool
	more   int // lines beyond the limit
}

// Add notes what one side said.
func (t *Transcript) Add(client, inside bool, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if inside && !t.inside {
		t.inside = true
		t.line("--- inside TLS")
	}
	who := "S: "
	if client {
		who = "C: "
		if i := strings.Index(text, "\x16\x03"); i >= 0 && !inside {
			text = text[:i] + "(TLS handshake)"
		}
	}
	for line := range strings.Lines(text) {
		t.line(who + Clip(strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")))
	}
}

// line adds a line, or counts it; mu is held.
func (t *Transcript) line(s string) {
	if len(t.said) == maxTranscriptLines {
		t.more++
		return
	}
	t.said = append(t.said, s)
}

// Clip makes a line printable, and not longer than one likes to see.
func Clip(line string) string {
	rest := len(line) - maxTranscriptLine
	quoted := strconv.Quote(line[:min(len(line), maxTranscriptLine)])
	text := strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
	if rest > 0 {
		text += fmt.Sprintf("... and %d bytes", rest)
	}
	return text
}

// Lines returns the transcript of the n-th connection of several.
func (t *Transcript) Lines(n int) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []string
	if n > 1 {
		all = append(all, fmt.Sprintf("--- connection %d", n))
	}
	all = append(all, t.said...)
	if t.more > 0 {
		all = append(all, fmt.Sprintf("... and %d lines", t.more))
	}
	return all
}
