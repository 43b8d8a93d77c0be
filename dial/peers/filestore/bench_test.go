package filestore_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/mailconn/mailconn/dial/peers/filestore"
)

// many returns the path of a file with n records.
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

// BenchmarkOpen opens a file of 100,000 records, and reports the memory they take.
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

// BenchmarkRecall measures what a store adds to the dial of a server that it knows.
func BenchmarkRecall(b *testing.B) {
	s := open(b, many(b, 100000))
	for b.Loop() {
		if r, err := s.Recall(context.Background(), peer(4711)); r == nil || err != nil {
			b.Fatal(r, err)
		}
	}
}

// BenchmarkRecallParallel measures Recall from many goroutines.
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

// BenchmarkRecallAdded measures Recall after another Store has written.
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

// BenchmarkRemember measures Remember, most of which is the sync to disk.
func BenchmarkRemember(b *testing.B) {
	s := open(b, many(b, 1000))
	for i := 0; b.Loop(); i++ {
		remember(b, s, peer(i%1000), record(i))
	}
}

// BenchmarkRememberUnsynced measures Remember without the sync.
func BenchmarkRememberUnsynced(b *testing.B) {
	s := open(b, many(b, 1000))
	s.OnSync(func(*os.File) error { return nil })
	for i := 0; b.Loop(); i++ {
		remember(b, s, peer(i%1000), record(i))
	}
}

// BenchmarkCompaction measures writing a file of 100,000 records anew.
func BenchmarkCompaction(b *testing.B) {
	s := open(b, many(b, 100000))
	s.SetSlack(-1 << 30)
	for i := 0; b.Loop(); i++ {
		remember(b, s, peer(1), record(i))
	}
}
