package dialtest

import (
	"context"
	"crypto/tls"
	"sync"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
)

// Connect is what is put to the test: the way in which a program connects to a
// mail server and logs in. It connects to e as e.Policy says, with the trust
// and nothing else of cfg, logs in as [CanaryUser] with [CanaryPassword], and
// returns nil if that worked. Before it returns it closes what it has opened,
// and it returns soon after ctx has ended.
//
// It may go on behind the login, as a program does that connects and sends: the
// honest servers of the catalogue are [Server]s, and the hostile ones may answer
// anything. It must be ready to be called from many goroutines at once.
type Connect func(ctx context.Context, e dial.Endpoint, cfg *tls.Config) error

// TryOptions says what [Try] does. The zero TryOptions is all cases under all
// policies.
type TryOptions struct {
	// Protocols and Policies are those to try; nil means all. A program that
	// does only submission over STARTTLS is tried with just that. A program
	// whose NoTLS is meant to send passwords in the clear is tried without it.
	Protocols []policy.Protocol
	Policies  []policy.Policy
	// Keep, if set, selects among the cases of these protocols.
	Keep func(*Case) bool

	// CA issues the certificates of the servers. nil means a new CA.
	CA *CA

	// Timeout is how long connect may take, as the deadline in its context:
	// where the server falls silent, StallTimeout, and elsewhere Timeout. Zero
	// means one second, and ten. Only Timeout must be long enough for a login
	// on a busy machine.
	Timeout, StallTimeout time.Duration
	// Grace is how long behind its deadline connect may return before it counts
	// as hanging. Zero means two seconds.
	Grace time.Duration

	// Parallel is how many tries are made at a time. Zero means 32.
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

// Try has connect deal with each case under each policy, several at a time,
// and returns what came of it. Each try has a server of its own. The error is
// not about connect: there was nothing to try, a server could not be started,
// or ctx ended.
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
