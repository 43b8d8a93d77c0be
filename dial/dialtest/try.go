package dialtest

import (
	"context"
	"crypto/tls"
	"sync"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
)

// Connect is the function under test, by which a program connects to a mail server and logs
// in. It connects to e under e.Policy, trusts the roots of cfg, logs in as [CanaryUser]
// with [CanaryPassword], and returns nil if the login succeeded. It closes the connection
// before it returns, and returns soon after ctx has ended.
//
// It may do more after the login, such as sending a message: the honest servers of the
// catalogue are [Server]s, and the hostile ones may answer anything. It is called by many
// goroutines at once.
type Connect func(ctx context.Context, e dial.Endpoint, cfg *tls.Config) error

// TryOptions says which cases [Try] plays. The zero TryOptions means all cases under all
// policies.
type TryOptions struct {
	// Protocols and Policies are those to try; nil means all. Leave out those that the
	// program does not use, and NoTLS if the program sends passwords in the clear under
	// it on purpose.
	Protocols []policy.Protocol
	Policies  []policy.Policy
	// Keep, if set, selects among the cases of these protocols: those for which it
	// returns true.
	Keep func(*Case) bool

	// CA issues the certificates of the servers. nil means a new CA.
	CA *CA

	// Timeout and StallTimeout set the deadline of the context of connect: StallTimeout
	// if the server of the case stops sending, and Timeout otherwise. Zero means ten
	// seconds and one second. Only Timeout must be long enough for a login on a busy
	// machine.
	Timeout, StallTimeout time.Duration
	// Grace is how long after its deadline connect may return before it counts as
	// hanging. Zero means two seconds.
	Grace time.Duration

	// Parallel is how many cases are played at a time. Zero means 32.
	Parallel int
}

// complete returns a copy with the defaults filled in.
func (o TryOptions) complete() (TryOptions, error) {
	for field, value := range map[*time.Duration]time.Duration{
		&o.Timeout: 10 * time.Second, &o.StallTimeout: time.Second, &o.Grace: 2 * time.Second,
	} {
		if *field <= 0 {
			*field = value
		}
	}
	if o.Parallel <= 0 {
		o.Parallel = 32
	}
	var err error
	if o.CA == nil {
		o.CA, err = NewCA()
	}
	return o, err
}

// Try calls connect for each case under each policy, several at a time and each with a
// server of its own, and returns the results. An error means that the options leave
// nothing to try, that a server could not be started, or that ctx ended. What connect
// does wrong is in the Summary.
func Try(ctx context.Context, connect Connect, o TryOptions) (*Summary, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	tries, err := o.tries()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	todo := make(chan *try)
	var workers sync.WaitGroup
	for range min(o.Parallel, len(tries)) {
		workers.Go(func() {
			for t := range todo {
				if err := t.run(ctx, connect, o); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, t := range tries {
		select {
		case todo <- t:
		case <-ctx.Done():
		}
	}
	close(todo)
	workers.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return summarize(tries), nil
}
