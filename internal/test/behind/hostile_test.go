package behind

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
)

// What a hostile server may cost at most.
const (
	maxGrowth = 16 << 20                // bytes of the heap
	maxTime   = replyTime + time.Second // of the bubble's clock
	maxWork   = 30.0                    // seconds of CPU in all, on a busy machine
)

// TestHostile plays what hostile servers do. The session must end in the way that the
// case says, or live, and every command must return, typed. It fails if a play costs more
// than a hostile server may cost. Goroutines that are left make it fail, too: a bubble
// waits for them.
func TestHostile(t *testing.T) { playAll(t, "hostile", 150) }

func playAll(t *testing.T, folder string, atLeast int) {
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	th := newStage(t)
	list := cases(t, folder)
	for _, c := range list {
		t.Run(c.name, func(t *testing.T) {
			used := watch()
			for _, s := range c.segmentations() {
				checkHostile(t, th, c, s)
			}
			growth, work := used()
			if growth > max(maxGrowth, int64(c.heap)<<20) {
				t.Errorf("the heap has grown by %d bytes", growth)
			}
			if work > maxWork {
				t.Errorf("%.2f s of CPU", work)
			}
		})
	}
	if len(list) < atLeast {
		t.Errorf("only %d cases", len(list))
	}
}

// segmentations returns how the server cuts what it says. Where it says much, only a full
// run cuts it in every way. Under the race detector, which takes ten times as long, it says
// things in one way, and nothing where it says much.
func (c *testCase) segmentations() []segments {
	much := c.size() > 32<<10
	switch {
	case raceDetector() && much:
		return nil
	case raceDetector(), much && os.Getenv("MAILCONN_FULL") == "":
		return []segments{joined}
	}
	if c.joined {
		return []segments{joined}
	}
	if c.protocol != "" {
		return []segments{joined, byLine, byByte}
	}
	return []segments{joined, byLine, byByte, compressed}
}

func checkHostile(t *testing.T, th *stage, c *testCase, s segments) {
	t.Helper()
	o := th.play(t, c, s)
	if o.end != c.end {
		t.Errorf("%v: the session ends: %q, want %q", s, o.end, c.end)
	}
	if text := strings.Join(o.lines, "\n"); strings.Contains(text, "untyped") {
		t.Errorf("%v: an untyped end:\n%s", s, text)
	}
	if o.took > maxTime {
		t.Errorf("%v: it took %v", s, o.took)
	}
	if c.want != nil {
		check(t, s.String(), o.lines, c.want)
	}
}

// watch begins to measure what the process uses. The function that it returns tells by
// how much the heap has grown, at most, and how many seconds of CPU were used.
func watch() func() (growth int64, work float64) {
	runtime.GC()
	heap, cpu := measure()
	done, most := make(chan struct{}), make(chan int64)
	go func() {
		var peak int64
		for {
			now, _ := measure()
			peak = max(peak, now-heap)
			select {
			case <-done:
				most <- peak
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() (int64, float64) {
		close(done)
		peak := <-most
		runtime.GC() // the times are of the last collection
		_, now := measure()
		return peak, now - cpu
	}
}

func measure() (heap int64, cpu float64) {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/cpu/classes/user:cpu-seconds"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64()), samples[1].Value.Float64()
}
