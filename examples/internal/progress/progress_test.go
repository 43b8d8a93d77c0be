package progress

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := New(&out)
	p.Begin(4, 4_000_000)
	p.messages, p.bytes = 1, 1_000_000
	if got, want := p.line(2*time.Second), "1/4 messages  1.0 MB of 4.0 MB  500.0 kB/s  6s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := p.line(time.Second/2), "1/4 messages  1.0 MB of 4.0 MB  2.0 MB/s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	p.terminal, p.every = true, 0
	p.Saved(10)
	p.End()
	if text := out.String(); !strings.HasPrefix(text, "\r2/4 messages") || !strings.HasSuffix(text, "\n") {
		t.Errorf("%q", text)
	}
	for n, want := range map[int]string{0: "0 messages", 1: "1 message", 2: "2 messages"} {
		if got := Count(n, "message"); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1500: "1.5 kB", 2_500_000_000: "2.5 GB"} {
		if got := Amount(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
