// Package backoff computes growing waits between attempts.
package backoff

import (
	"math/rand/v2"
	"time"
)

// Distances are waits that double from First to Most. Both must be positive.
type Distances struct{ First, Most time.Duration }

// After returns how long to wait after the nth attempt in a row that has failed: at random
// between half and all of the distance, so that programs which failed together do not come
// back together. It is never zero.
func (d Distances) After(n int) time.Duration {
	wait := min(d.First, d.Most)
	for ; n > 1 && wait < d.Most; n-- {
		wait += min(wait, d.Most-wait)
	}
	return wait - rand.N(wait/2+1)
}
