package look

import (
	"context"
	"sync"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// Target is an endpoint to look at.
type Target struct {
	Endpoint dial.Endpoint
	About    string  // why it is looked at
	Looker   *Looker // how
}

// parallel bounds how many endpoints are looked at at a time.
const parallel = 4

// All looks at the targets, several at a time, and returns what it sees in their order. done
// is called with each, one at a time.
func All(ctx context.Context, targets []Target, done func(*report.Endpoint)) []report.Endpoint {
	seen := make([]report.Endpoint, len(targets))
	var (
		tasks sync.WaitGroup
		mu    sync.Mutex
		slots = make(chan struct{}, parallel)
	)
	for i, t := range targets {
		slots <- struct{}{}
		tasks.Go(func() {
			defer func() { <-slots }()
			seen[i] = t.Looker.Endpoint(ctx, t.Endpoint, t.About)
			mu.Lock()
			defer mu.Unlock()
			done(&seen[i])
		})
	}
	tasks.Wait()
	return seen
}
