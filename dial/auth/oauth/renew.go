package oauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/oauth2"

	"github.com/mailconn/mailconn/internal/wire"
)

// renewal is one that is under way, for all calls of Secret that wait for it.
type renewal struct {
	done  chan struct{} // closed when the others are set
	grant *grant
	err   error
}

// renewals is what one renewal leaves to the next. No two run at the same time.
type renewals struct {
	unsaved  *grant // what the issuer gave, and the store did not save
	replaces *grant // what the store had then
	refused  *grant // what the issuer does not accept
	why      error  // its words about that
	retryAt  time.Time
	retryErr Error // what to return until then
}

// renew returns a grant that was renewed by this call, by one of another goroutine or by
// another program.
func (a *Account) renew(ctx context.Context, rejected string) (*grant, error) {
	if ctx == nil {
		return nil, errNilContext
	}
	if ctx.Err() != nil {
		return nil, a.ended(ctx)
	}
	a.mu.Lock()
	r := a.running
	if r == nil {
		r = &renewal{done: make(chan struct{})}
		a.running = r
		go a.run(context.WithoutCancel(ctx), r, rejected, a.signIns)
	}
	a.mu.Unlock()
	select {
	case <-r.done:
		return r.grant, r.err
	case <-ctx.Done():
		return nil, a.ended(ctx)
	}
}

func (a *Account) ended(ctx context.Context) error {
	return fmt.Errorf("oauth: %s: %w", a.app.Issuer, wire.ContextError(ctx))
}

// Wait returns when no refresh is under way any more, or with the error of ctx. A program
// that has ended its sessions calls it before it exits, so that it does not lose what the
// issuer is just answering.
func (a *Account) Wait(ctx context.Context) error {
	if ctx == nil {
		return errNilContext
	}
	a.mu.Lock()
	r := a.running
	a.mu.Unlock()
	if r == nil {
		return nil
	}
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return a.ended(ctx)
	}
}

// run carries a renewal to its end.
func (a *Account) run(ctx context.Context, r *renewal, rejected string, signIns int) {
	r.grant, r.err = a.loadOrRefresh(ctx, rejected)
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.err == nil && a.signIns == signIns { // else a.grant is as new, or forgotten
		a.grant = r.grant
	}
	a.running = nil
	close(r.done)
}

// loadOrRefresh returns what another program has saved, or else what the issuer gives for
// the refresh token.
func (a *Account) loadOrRefresh(ctx context.Context, rejected string) (*grant, error) {
	// That is three requests of another program's refresh, three of this one, and saving.
	ctx, cancel := wire.WithTimeout(ctx, 7*a.timeout)
	defer cancel()
	value, loadErr := a.store.Load(ctx, a.key)
	if loadErr == nil {
		if g := parseGrant(value); g != nil && g.fresh(rejected) {
			return g, nil
		}
	}
	if left := time.Until(a.renewals.retryAt); left > 0 {
		later := a.renewals.retryErr
		later.RetryAfter = max(left.Round(time.Second), time.Second)
		return nil, &later
	}
	var g *grant
	var refreshErr error
	err := a.store.Update(ctx, a.key, func(old []byte) ([]byte, error) {
		if g, refreshErr = a.replace(ctx, parseGrant(old), rejected); refreshErr != nil {
			return nil, refreshErr
		}
		return g.encode()
	})
	switch {
	case errors.Is(refreshErr, ErrNoGrant) && loadErr != nil:
		return nil, a.consent(fmt.Errorf("%w: %w", ErrNoGrant, loadErr))
	case refreshErr != nil:
		return nil, refreshErr
	case err != nil:
		return nil, a.storeError(err)
	}
	a.renewals.unsaved = nil
	return g, nil
}

// replace returns the grant to save in the place of the stored one, while no other program
// does the same.
func (a *Account) replace(ctx context.Context, stored *grant, rejected string) (*grant, error) {
	past, old := &a.renewals, stored
	if old != nil && past.unsaved != nil && old.same(past.replaces) {
		old = past.unsaved
	}
	switch {
	case old == nil:
		return nil, a.consent(ErrNoGrant)
	case old.fresh(rejected):
		return old, nil
	case old.Refresh == "" && old.usable(rejected):
		return old, nil
	case old.Refresh == "":
		return nil, a.consent(ErrNoGrant)
	case old.same(past.refused):
		return nil, a.consent(past.why)
	}
	next, err := a.refresh(ctx, old)
	var failed *Error
	switch {
	case err == nil:
		past.unsaved, past.replaces = next, stored
		return next, nil
	case errors.Is(err, KindGrant):
		past.refused, past.why = old, err
		return nil, a.consent(err)
	case errors.As(err, &failed) && failed.RetryAfter > 0:
		past.retryAt, past.retryErr = time.Now().Add(failed.RetryAfter), *failed
	}
	return nil, err
}

// refresh asks the issuer for a new access token (RFC 6749 §6).
func (a *Account) refresh(ctx context.Context, old *grant) (*grant, error) {
	m, err := a.describe(ctx)
	if err != nil {
		return nil, err
	}
	x := a.exchange(ctx, old.Refresh, old.Access)
	client, err := a.client(x, m)
	if err != nil {
		return nil, err
	}
	token, err := client.TokenSource(x.context(), &oauth2.Token{RefreshToken: old.Refresh}).Token()
	if err != nil {
		return nil, x.cause(m.TokenEndpoint, err)
	}
	g, err := newGrant(token)
	if err != nil {
		return nil, x.broken(m.TokenEndpoint, err)
	}
	return g, nil
}

func (a *Account) consent(err error) error {
	return &ConsentError{Issuer: a.app.Issuer, User: a.user, Err: err}
}
