package bulk_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/child"
	"github.com/mailconn/mailconn/internal/test/sockettest"
)

func TestMain(m *testing.M) {
	child.Main(m, map[string]func([]string) error{"measure": measure})
}

// work is what is measured, by its name.
var work = map[string]func(client, int) error{
	"list": client.list, "read": client.read, "read 50 MB": client.readLarge, "append": client.append, "search": client.search,
}

// result is what a client has taken for its work.
type result struct {
	Took, CPU time.Duration
	Allocs    uint64
	Peak      uint64 // bytes of the heap, with what is not collected yet
	Live      uint64 // of those, at the most, what a collection has found in use
}

// measure runs in a process of its own: it does some work, with a client and by an address,
// and writes the result.
func measure(args []string) error {
	name, kind, address := args[0], args[1], args[2]
	n, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	c, err := clients[kind](address)
	if err != nil {
		return err
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	heap := watchHeap()
	begin, used := time.Now(), cpuTime()
	if err := work[name](c, n); err != nil {
		return err
	}
	r := result{Took: time.Since(begin), CPU: cpuTime() - used}
	r.Peak, r.Live = heap()
	runtime.ReadMemStats(&after)
	r.Allocs = after.Mallocs - before.Mallocs
	return json.NewEncoder(os.Stdout).Encode(r)
}

// watchHeap looks at the heap many times a second, until the function that it returns is
// called.
func watchHeap() func() (peak, live uint64) {
	var peak, live uint64
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}}
	look := func() {
		metrics.Read(samples)
		peak, live = max(peak, samples[0].Value.Uint64()), max(live, samples[1].Value.Uint64())
	}
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(200 * time.Microsecond); ; {
			select {
			case <-tick.C:
				look()
			case <-over:
				return
			}
		}
	}()
	return func() (uint64, uint64) {
		close(over)
		<-done
		look()
		return peak, live
	}
}

// lab is a server, which may be far away, and counts what it sends.
type lab struct {
	address string
	sent    atomic.Int64
}

func newLab(t testing.TB, latency time.Duration) *lab {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := new(lab)
	sockettest.Serve(t, l, func(conn net.Conn) { serve(counter{conn, &s.sent}) })
	if s.address = l.Addr().String(); latency > 0 {
		far, err := dialtest.NewNetwork(s.address, dialtest.Plan{Latency: latency})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { far.Close() })
		s.address = far.Addr()
	}
	return s
}

// counter counts what is sent over a connection.
type counter struct {
	net.Conn
	sent *atomic.Int64
}

func (c counter) Write(p []byte) (int, error) {
	c.sent.Add(int64(len(p)))
	return c.Conn.Write(p)
}

// run does some work in a process of its own.
func (s *lab) run(t testing.TB, name, kind string, n int) (r result) {
	t.Helper()
	cmd := child.Command(t, "measure", name, kind, s.address, strconv.Itoa(n))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestBulk does what each of the clients can for a few messages, and holds mailconn to what
// can be counted: allocations of a message that is listed, and bytes with COMPRESS.
func TestBulk(t *testing.T) {
	const n = 500
	s := newLab(t, 0)
	bytes := make(map[string]int64)
	for kind := range clients {
		for name := range work {
			before := s.sent.Load()
			r := s.run(t, name, kind, n)
			if name != "list" {
				continue
			}
			bytes[kind] = s.sent.Load() - before
			if strings.HasPrefix(kind, "mailconn") && r.Allocs > 40*n {
				t.Errorf("%s: %d allocations for %d messages", kind, r.Allocs, n)
			}
		}
	}
	if plain, compressed := bytes["mailconn"], bytes["mailconn, COMPRESS"]; compressed*4 > plain {
		t.Errorf("a list takes %d bytes, and %d with COMPRESS", plain, compressed)
	}
}

// BenchmarkBulk does what each of the clients can, near the server and at a distance of 10 ms.
func BenchmarkBulk(b *testing.B) {
	for _, w := range []struct {
		name string
		n    int
	}{{"list", 10_000}, {"read", 1000}, {"read 50 MB", 1}, {"append", 1000}, {"search", 1}} {
		for _, latency := range []time.Duration{0, 10 * time.Millisecond} {
			for _, kind := range []string{"go-imap, one by one", "go-imap", "mailconn", "mailconn, COMPRESS"} {
				n := w.n
				if kind == "go-imap, one by one" {
					if n == 1 {
						continue
					}
					if latency > 0 {
						n = 100
					}
				}
				b.Run(fmt.Sprintf("%s/%v/%s", w.name, latency, kind), func(b *testing.B) { bulk(b, latency, w.name, kind, n) })
			}
		}
	}
}

func bulk(b *testing.B, latency time.Duration, name, kind string, n int) {
	s := newLab(b, latency)
	var sum result
	for b.Loop() {
		r := s.run(b, name, kind, n)
		sum.Took, sum.CPU, sum.Allocs = sum.Took+r.Took, sum.CPU+r.CPU, sum.Allocs+r.Allocs
		sum.Peak, sum.Live = max(sum.Peak, r.Peak), max(sum.Live, r.Live)
	}
	each := float64(n * b.N)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(each/sum.Took.Seconds(), "messages/s")
	b.ReportMetric(float64(sum.CPU.Microseconds())/each, "cpu-µs/message")
	b.ReportMetric(float64(sum.Allocs)/each, "allocs/message")
	b.ReportMetric(float64(sum.Peak)/1e6, "heap-MB")
	b.ReportMetric(float64(sum.Live)/1e6, "live-MB")
	b.ReportMetric(float64(s.sent.Load())/each, "bytes/message")
}
