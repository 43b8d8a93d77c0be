package backoff_test

import (
	"math"
	"testing"
	"time"

	"github.com/mailconn/mailconn/internal/backoff"
)

func TestAfter(t *testing.T) {
	const longest = time.Duration(math.MaxInt64)
	for _, c := range []struct {
		distances backoff.Distances
		n         int
		want      time.Duration
	}{
		{backoff.Distances{First: time.Second, Most: time.Minute}, 0, time.Second},
		{backoff.Distances{First: time.Second, Most: time.Minute}, 1, time.Second},
		{backoff.Distances{First: time.Second, Most: time.Minute}, 2, 2 * time.Second},
		{backoff.Distances{First: time.Second, Most: time.Minute}, 6, 32 * time.Second},
		{backoff.Distances{First: time.Second, Most: time.Minute}, 7, time.Minute},
		{backoff.Distances{First: time.Second, Most: time.Minute}, math.MaxInt, time.Minute},
		{backoff.Distances{First: time.Minute, Most: time.Second}, 1, time.Second},
		{backoff.Distances{First: 1, Most: 1}, 5, 1},
		{backoff.Distances{First: 1, Most: 3}, 2, 2},
		{backoff.Distances{First: longest/2 + 1, Most: longest}, 9, longest},
	} {
		least, most := time.Duration(math.MaxInt64), time.Duration(0)
		for range 1000 {
			d := c.distances.After(c.n)
			least, most = min(least, d), max(most, d)
		}
		if least < c.want-c.want/2 || most > c.want {
			t.Errorf("%v after %d: %v to %v, want up to %v", c.distances, c.n, least, most, c.want)
		}
		if c.want > 100 && (least > c.want/2+c.want/10 || most < c.want-c.want/10) {
			t.Errorf("%v after %d: only %v to %v", c.distances, c.n, least, most)
		}
	}
}
