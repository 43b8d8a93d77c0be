package sqltest

import (
	"testing"
	"time"
)

// What a call costs where the server is on the same machine. Say -durable, or
// writing costs nothing.
func BenchmarkRecall(b *testing.B)   { cost(b, false) }
func BenchmarkRemember(b *testing.B) { cost(b, true) }

func cost(b *testing.B, write bool) {
	for _, c := range []struct {
		name  string
		start func() (database, error)
	}{
		{"postgresql/pgx", func() (database, error) { return postgresql("pgx") }},
		{"postgresql/pq", func() (database, error) { return postgresql("postgres") }},
		{"mysql", func() (database, error) { return mysql("") }},
		{"mysql/interpolated", func() (database, error) { return mysql("interpolateParams=true") }},
		{"sqlite", sqlite},
	} {
		b.Run(c.name, func(b *testing.B) {
			s, _, _ := started(b, c.start).store(b)
			r := random(b).record()
			check(b, s.Remember(b.Context(), peer(0), r))
			for b.Loop() {
				var err error
				if write {
					r.LastSeen = r.LastSeen.Add(time.Second) // or there is nothing to write
					err = s.Remember(b.Context(), peer(0), r)
				} else {
					_, err = s.Recall(b.Context(), peer(0))
				}
				check(b, err)
			}
		})
	}
}
