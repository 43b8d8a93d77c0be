package filestore_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/mailconn/mailconn/dial/peers/filestore"
)

// many returns a file with so many servers.
func many(b *testing.B, n int) string {
	path := newPath(b)
	text := filestore.Seal([]string{"format", "mailconn peers 1", "generation", "X", "records", fmt.Sprint(n)})
	for i := range n {
		r := record(i)
		text = append(text, filestore.Line(peer(i), &r)...)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkOpen reads 100,000 servers, and reports what the store holds of them.
func BenchmarkOpen(b *testing.B) {
	path := many(b, 100000)
	before := heap()
	var s *filestore.Store
	for b.Loop() {
		var err error
		if s, err = filestore.Open(context.Background(), path); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(heap().HeapAlloc-before.HeapAlloc)/(1<<20), "MiB-held")
	runtime.KeepAlive(s)
}

func heap() (m runtime.MemStats) {
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m
}

// BenchmarkRecall is what a memory adds to the dial of a server it knows.
func BenchmarkRecall(b *testing.B) {
	s := open(b, many(b, 100000))
	for b.Loop() {
		if r, err := s.Recall(context.Background(), peer(4711)); r == nil || err != nil {
			b.Fatal(r, err)
		}
	}
}

// BenchmarkRecallParallel is that from many goroutines.
func BenchmarkRecallParallel(b *testing.B) {
	s := open(b, many(b, 100000))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if r, err := s.Recall(context.Background(), peer(4711)); r == nil || err != nil {
				b.Fatal(r, err)
			}
		}
	})
}

// BenchmarkRecallAdded is that when another has written in between.
func BenchmarkRecallAdded(b *testing.B) {
	path := many(b, 1000)
	s, other := open(b, path), open(b, path)
	other.OnSync(func(*os.File) error { return nil })
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		remember(b, other, peer(7), record(i))
		b.StartTimer()
		if r, err := s.Recall(context.Background(), peer(7)); r == nil || err != nil {
			b.Fatal(r, err)
		}
	}
}

// BenchmarkRemember is what something new costs, most of it the disk's time.
func BenchmarkRemember(b *testing.B) {
	s := open(b, many(b, 1000))
	for i := 0; b.Loop(); i++ {
		remember(b, s, peer(i%1000), record(i))
	}
}

// BenchmarkRememberUnsynced is that without the disk's time.
func BenchmarkRememberUnsynced(b *testing.B) {
	s := open(b, many(b, 1000))
	s.OnSync(func(*os.File) error { return nil })
	for i := 0; b.Loop(); i++ {
		remember(b, s, peer(i%1000), record(i))
	}
}

// BenchmarkCompaction writes 100,000 servers anew.
func BenchmarkCompaction(b *testing.B) {
	s := open(b, many(b, 100000))
	s.SetSlack(-1 << 30)
	for i := 0; b.Loop(); i++ {
		remember(b, s, peer(1), record(i))
	}
}
