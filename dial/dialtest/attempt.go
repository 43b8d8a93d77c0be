package dialtest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mailconn/mailconn/policy"
)

// try is one case under one policy, and its result.
type try struct {
	c        *Case
	policy   policy.Policy
	err      error // what connect returned
	hung     bool  // connect did not return in time
	report   Report
	findings []Finding
}

// tries returns the tries that the options select.
func (o TryOptions) tries() ([]*try, error) {
	cases, err := Cases()
	if err != nil {
		return nil, err
	}
	var all []*try
	for _, c := range cases {
		if o.Protocols != nil && !slices.Contains(o.Protocols, c.Protocol) || o.Keep != nil && !o.Keep(c) {
			continue
		}
		for _, p := range c.Policies() {
			if o.Policies == nil || slices.Contains(o.Policies, p) {
				all = append(all, &try{c: c, policy: p})
			}
		}
	}
	if len(all) == 0 {
		return nil, errNothing
	}
	return all, nil
}

// run starts a server, calls connect, and judges the result. Its error is that of a server
// that cannot be started.
func (t *try) run(ctx context.Context, connect Connect, o TryOptions) error {
	srv, err := t.c.Start(o.CA, t.policy)
	if err != nil {
		return err
	}
	defer srv.Close()
	limit := o.Timeout
	if t.c.script.Stalls() {
		limit = o.StallTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan error, 1)
	go call(done, func() error { return connect(ctx, srv.Endpoint(), srv.ClientConfig()) })
	if t.hung = !t.wait(done, limit+o.Grace); t.hung {
		srv.Close()
		t.wait(done, o.Grace) // it may return without its server
	}
	srv.Close()
	t.report = srv.Report()
	t.judge()
	return nil
}

// errEnded is the result of a connect that ended its goroutine.
var errEnded = errors.New("dialtest: connect did not return, but ended its goroutine")

// call sends what f returns, or errEnded if it ends its goroutine.
func call(done chan<- error, f func() error) {
	err := errEnded
	defer func() { done <- err }()
	err = f()
}

// wait waits for connect to return, and reports whether it did.
func (t *try) wait(done <-chan error, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case t.err = <-done:
		return true
	case <-timer.C:
		return false
	}
}

// errNothing is the error of options that leave nothing to try: a test must not pass
// because of them.
var errNothing = errors.New("dialtest: no case has these protocols and policies and is kept")
