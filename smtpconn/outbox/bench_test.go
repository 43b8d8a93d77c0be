package outbox_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/heap"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox"
)

// BenchmarkDeliver delivers messages that wait. Beside the time for each it says how
// many syncs each takes.
func BenchmarkDeliver(b *testing.B) {
	lines(b, func(b *testing.B, address string, workers int) {
		p, err := childPool(address, workers)
		if err != nil {
			b.Fatal(err)
		}
		gate := &gate{Relay: p, open: make(chan bool)}
		var syncs atomic.Int64
		o := benchOutbox(b, gate, workers, &syncs)
		fill(b, o, b.N)
		syncs.Store(0)
		b.ResetTimer()
		close(gate.open)
		for s := o.Stats(); s.Waiting > 0; s = o.Stats() {
			time.Sleep(time.Millisecond)
		}
		b.ReportMetric(float64(syncs.Load())/float64(b.N), "syncs/op")
		perSecond(b)
	})
}

// BenchmarkPool gives the same messages to the pool itself.
func BenchmarkPool(b *testing.B) {
	lines(b, func(b *testing.B, address string, workers int) {
		p, err := childPool(address, workers)
		if err != nil {
			b.Fatal(err)
		}
		defer p.Close(b.Context())
		var next atomic.Int64
		var senders sync.WaitGroup
		b.ResetTimer()
		for range workers {
			senders.Go(func() {
				for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
					if _, err := p.Send(b.Context(), benchEnvelope, strings.NewReader(benchContent)); err != nil {
						b.Error(err)
					}
				}
			})
		}
		senders.Wait()
		perSecond(b)
	})
}

// BenchmarkPut puts messages, with how many callers at once, while none is delivered.
func BenchmarkPut(b *testing.B) {
	for _, callers := range []int{1, 8} {
		b.Run(fmt.Sprint(callers, " callers"), func(b *testing.B) {
			o := benchOutbox(b, &gate{Relay: &swallow{}, open: make(chan bool)}, 1, new(atomic.Int64))
			took := make([]time.Duration, b.N)
			var next atomic.Int64
			var putters sync.WaitGroup
			b.ResetTimer()
			for range callers {
				putters.Go(func() {
					for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
						began := time.Now()
						if err := o.Put(b.Context(), fmt.Sprint(i), benchEnvelope, strings.NewReader(benchContent)); err != nil {
							b.Error(err)
						}
						took[i] = time.Since(began)
					}
				})
			}
			putters.Wait()
			perSecond(b)
			slices.Sort(took)
			b.ReportMetric(float64(took[b.N/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[b.N*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

// BenchmarkOpen opens an outbox in which many messages wait.
func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{50_000, 200_000} {
		b.Run(fmt.Sprint(n, " messages"), func(b *testing.B) {
			dir := newDir(b)
			relay := &gate{Relay: &swallow{}, open: make(chan bool)}
			c := outbox.Config{Relays: []outbox.Relay{relay}, Workers: 1}
			unsynced := outbox.SystemCalls()
			unsynced.Sync = func(*os.File) error { return nil }
			unsynced.SyncDir = func(string) error { return nil }
			o, err := outbox.OpenWith(b.Context(), dir, c, unsynced)
			if err != nil {
				b.Fatal(err)
			}
			fill(b, o, n)
			closeAtOnce(b, o)
			o = nil
			for b.Loop() {
				before := heap.InUse()
				if o, err = outbox.Open(b.Context(), dir, c); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if s := o.Stats(); s.Waiting != n {
					b.Fatalf("%+v", s)
				}
				b.ReportMetric(float64(heap.InUse()-before)/float64(n), "heap-B/message")
				closeAtOnce(b, o)
				o = nil
				b.StartTimer()
			}
		})
	}
}

// lines runs a benchmark with one and with eight workers, at a server that is here and at
// one whose answers take ten milliseconds.
func lines(b *testing.B, run func(b *testing.B, address string, workers int)) {
	for _, roundTrip := range []time.Duration{0, 10 * time.Millisecond} {
		for _, workers := range []int{1, 8} {
			b.Run(fmt.Sprintf("%v, %d workers", roundTrip, workers), func(b *testing.B) {
				s := newServer()
				s.forgets = true
				address := s.listen(b)
				if roundTrip > 0 {
					address = far(b, address, roundTrip/2)
				}
				run(b, address, workers)
			})
		}
	}
}

var (
	benchEnvelope = smtpconn.Envelope{From: "me@mail.test", To: []string{"ann@mail.test"}}
	benchContent  = "Subject: x\r\n\r\n" + strings.Repeat("0123456789012345678901234567890123456789\r\n", 50)
)

func benchOutbox(b *testing.B, relay outbox.Relay, workers int, syncs *atomic.Int64) *outbox.Outbox {
	b.Helper()
	counted := outbox.SystemCalls()
	counted.Sync = func(f *os.File) error { syncs.Add(1); return f.Sync() }
	o, err := outbox.OpenWith(b.Context(), newDir(b), outbox.Config{Relays: []outbox.Relay{relay}, Workers: workers}, counted)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { closeAtOnce(b, o) })
	return o
}

// closeAtOnce closes an outbox whose relay is shut.
func closeAtOnce(b *testing.B, o *outbox.Outbox) {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	o.Close(over)
}

// fill puts n messages.
func fill(b *testing.B, o *outbox.Outbox, n int) {
	b.Helper()
	var next atomic.Int64
	var putters sync.WaitGroup
	for range 16 {
		putters.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if err := o.Put(b.Context(), fmt.Sprint(i), benchEnvelope, strings.NewReader(benchContent)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	putters.Wait()
}

func perSecond(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

// gate is a relay that sends nothing before it is open.
type gate struct {
	outbox.Relay
	open chan bool
}

func (g *gate) Send(ctx context.Context, e smtpconn.Envelope, content io.ReadSeeker) (*smtpconn.Receipt, error) {
	select {
	case <-g.open:
		return g.Relay.Send(ctx, e, content)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// far returns the address of a line to a server on which every part arrives after a
// delay, in both directions.
func far(b *testing.B, address string, delay time.Duration) string {
	b.Helper()
	line, err := dialtest.NewNetwork(address, dialtest.Plan{Latency: delay})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { line.Close() })
	return line.Addr()
}
