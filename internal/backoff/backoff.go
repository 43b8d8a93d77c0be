// Package backoff has growing distances between tries.
package backoff

import (
	"math/rand/v2"
	"time"
)

// Distances double from First to Most, which are positive.
type Distances struct{ First, Most time.Duration }

// After returns how long to wait after the nth try that has failed: between half and all
// of the distance, by chance, which keeps programs that failed together from coming back
// together. It is never zero.
func (d Distances) After(n int) time.Duration {
	wait := min(d.First, d.Most)
	for ; n > 1 && wait < d.Most; n-- {
		wait += min(wait, d.Most-wait)
	}
	return wait - rand.N(wait/2+1)
}
