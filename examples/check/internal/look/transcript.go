package look

import (
	"fmt"
	"strings"
	"sync"
)

// maxLines bounds a transcript.
const maxLines = 300

// transcript keeps what both sides of one connection say, without the number of the
// connection and the time, which the steps have. IMAP's tags, which are random, are
// numbered from 1: so two runs can be compared.
type transcript struct {
	tagged bool // the protocol is IMAP

	mu   sync.Mutex
	kept []string
	more int
	tags map[string]string // the numbers of those that were seen
}

// Write takes one line from the Dialer: number, time, side and text.
func (t *transcript) Write(line []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.kept) == maxLines {
		t.more++
		return len(line), nil
	}
	fields := strings.SplitN(strings.TrimRight(string(line), "\r\n"), " ", 4)
	side, text := fields[min(2, len(fields)-1)], fields[len(fields)-1]
	t.kept = append(t.kept, clip(side+" "+t.number(side, text)))
	return len(line), nil
}

// number puts a number in the place of a tag.
func (t *transcript) number(side, text string) string {
	word, rest, ok := strings.Cut(text, " ")
	if !ok || !t.tagged {
		return text
	}
	if t.tags == nil {
		t.tags = map[string]string{}
	}
	if side == "C:" && t.tags[word] == "" && !strings.HasPrefix(word, "[") { // of a login, what is left out
		t.tags[word] = fmt.Sprintf("a%d", len(t.tags)+1)
	}
	if n := t.tags[word]; n != "" {
		return n + " " + rest
	}
	return text
}

func (t *transcript) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.more > 0 {
		return append(t.kept, fmt.Sprintf("-- and %d more lines", t.more))
	}
	return t.kept
}
