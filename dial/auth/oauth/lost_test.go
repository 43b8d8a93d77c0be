package oauth_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial/auth/oauth"
)

// lost is a transport that loses the answers to some requests for a token.
type lost struct {
	http.RoundTripper
	answers int
}

func (l *lost) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := l.RoundTripper.RoundTrip(r)
	if err == nil && r.Method == http.MethodPost && l.answers > 0 {
		l.answers--
		return nil, io.ErrUnexpectedEOF
	}
	return response, err
}

// The answer to a refresh is lost. If the issuer takes the old refresh token again, nothing
// is; else the user has to sign in again. Meanwhile a token that has not expired is used.
func TestRow07AnswerIsLost(t *testing.T) {
	for _, takesAgain := range []bool{true, false} {
		inBubble(t, func(t *testing.T, is *issuer, c oauth.Config, _ *oauth.Account) {
			if takesAgain {
				is.fixed = is.refresh
			}
			c.Transport = &lost{c.Transport, 2}
			a := account(t, is, c)
			tokenOf(t, a)
			time.Sleep(time.Hour - 30*time.Second)
			if got := tokenOf(t, a); got != "access-access-access-0" {
				t.Errorf("before it expires: %q", got)
			}
			time.Sleep(time.Minute)
			s, err := a.Secret(t.Context(), nil)
			var failed *oauth.Error
			if !errors.Is(err, io.ErrUnexpectedEOF) || !errors.As(err, &failed) || !failed.Temporary() {
				t.Errorf("takes it again %v: lost: %q, %v", takesAgain, s.Reveal(), err)
			}
			s, err = a.Secret(t.Context(), nil)
			var consent *oauth.ConsentError
			switch {
			case takesAgain && (err != nil || s.Reveal() != "access-access-access-3"):
				t.Errorf("%q, %v", s.Reveal(), err)
			case !takesAgain && (!errors.As(err, &consent) || !errors.Is(err, oauth.KindGrant)):
				t.Errorf("%q, %v", s.Reveal(), err)
			}
		})
	}
}

// However often a new token cannot be saved, the next refresh is by the last refresh token
// that the issuer gave.
func TestRow07StoreFailsAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, is *issuer, c oauth.Config, _ *oauth.Account) {
		s := &spy{Store: c.Store, before: func() error { return syscall.ENOSPC }}
		c.Store = s
		a := account(t, is, c)
		for n := range 3 {
			if _, err := a.Secret(t.Context(), rejected("access-access-access-0")); !errors.Is(err, syscall.ENOSPC) || is.refreshes() != n+1 {
				t.Errorf("%d: %v after %d refreshes", n, err, is.refreshes())
			}
			time.Sleep(2 * time.Hour)
		}
		s.before = nil
		if got := tokenOf(t, a); got != "access-access-access-4" {
			t.Errorf("%q", got)
		}
	})
}

// A sign-in whose tokens cannot be saved has failed.
func TestRow07SignInIsNotSaved(t *testing.T) {
	is := newIssuer(testIssuer)
	c := is.config()
	c.Store = &spy{Store: c.Store, before: func() error { return syscall.ENOSPC }}
	a := account(t, is, c)
	done, err := a.Browser(t.Context(), browse(t, is))
	if done != nil || !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, oauth.KindStore) {
		t.Errorf("%+v, %v", done, err)
	}
	var consent *oauth.ConsentError
	if _, err := a.Secret(t.Context(), nil); !errors.As(err, &consent) {
		t.Error(err)
	}
}

// An account that is forgotten during a refresh stays forgotten, and one that is signed in
// to has the tokens of the sign-in.
func TestRow07ForgottenDuringARefresh(t *testing.T) {
	for _, signsIn := range []bool{false, true} {
		is := newIssuer(testIssuer)
		c := is.config()
		s := &spy{Store: c.Store}
		signedIn(t, is, c)
		c.Store = s
		a := account(t, is, c)
		s.after = func() error { // the refresh is saved
			s.after = nil
			if !signsIn {
				return a.Forget(t.Context())
			}
			_, err := a.Browser(t.Context(), browse(t, is))
			return err
		}
		if got, err := a.Secret(t.Context(), rejected("access-access-access-0")); err != nil || got.Reveal() != "access-access-access-1" {
			t.Errorf("%q, %v", got.Reveal(), err)
		}
		got, err := a.Secret(t.Context(), nil)
		switch {
		case !signsIn && !errors.Is(err, oauth.ErrNoGrant):
			t.Errorf("forgotten: %q, %v", got.Reveal(), err)
		case signsIn && (err != nil || got.Reveal() != "access-access-access-3"):
			t.Errorf("signed in: %q, %v", got.Reveal(), err)
		}
	}
}

// The session whose call has begun the refresh ends. The refresh goes on for the others,
// and if all of them end, too, Wait waits for it.
func TestRow08BeginnerIsCancelled(t *testing.T) {
	for _, all := range []bool{false, true} {
		inBubble(t, func(t *testing.T, is *issuer, c oauth.Config, _ *oauth.Account) {
			asked, release := make(chan struct{}), make(chan struct{})
			c.Transport = slow{c.Transport, func(r *http.Request) {
				if r.Method == http.MethodPost {
					close(asked)
					<-release
				}
			}}
			a := account(t, is, c)
			var first, others sync.WaitGroup
			call := func(wg *sync.WaitGroup, ctx context.Context, ends bool) {
				wg.Go(func() {
					s, err := a.Secret(ctx, rejected("access-access-access-0"))
					if ends != errors.Is(err, context.Canceled) || !ends && s.Reveal() != "access-access-access-1" {
						t.Errorf("ends %v: %q, %v", ends, s.Reveal(), err)
					}
				})
			}
			ctx, cancel := context.WithCancel(t.Context())
			call(&first, ctx, true)
			<-asked
			for range 19 {
				if all {
					call(&first, ctx, true)
				} else {
					call(&others, t.Context(), false)
				}
			}
			synctest.Wait()
			cancel()
			first.Wait()
			close(release)
			others.Wait()
			if err := a.Wait(t.Context()); err != nil || is.refreshes() != 1 {
				t.Errorf("%d refreshes, %v", is.refreshes(), err)
			}
			if got := get(t, c.Store, a.Key()); !strings.Contains(got, "refresh-refresh-refresh-1") {
				t.Errorf("saved is %s", got)
			}
		})
	}
}

// After a refusal a sign-in is enough also if it brings the same refresh token.
func TestRow09SameTokenAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, is *issuer, c oauth.Config, a *oauth.Account) {
		is.fixed = is.refresh
		is.refresh = "" // consent was withdrawn
		for range 2 {
			if _, err := a.Secret(t.Context(), rejected("access-access-access-0")); !errors.Is(err, oauth.KindGrant) || is.refreshes() != 1 {
				t.Errorf("%v after %d refreshes", err, is.refreshes())
			}
		}
		time.Sleep(time.Minute)
		is.signIn(t, a, c.Store, "0")
		if got, err := a.Secret(t.Context(), rejected("access-access-access-0")); err != nil || got.Reveal() != "access-access-access-1" {
			t.Errorf("%q, %v", got.Reveal(), err)
		}
	})
}

// A clock that is set makes no token unusable for longer than a rejection, nor does it make
// an Account ask again and again.
func TestClockIsSet(t *testing.T) {
	const hour = time.Hour
	for name, c := range map[string]struct {
		issued, expires time.Duration // from now
		refreshes       int
	}{
		"back by a day":     {24 * hour, 25 * hour, 0},
		"forward by a day":  {-24 * hour, -23 * hour, 1},
		"expires at once":   {0, 0, 1},
		"before it's given": {hour, 30 * time.Minute, 0},
	} {
		inBubble(t, func(t *testing.T, is *issuer, config oauth.Config, _ *oauth.Account) {
			a := account(t, is, config)
			now := time.Now()
			value := oauth.GrantValue("access-access-access-0", is.refresh, now.Add(c.issued), now.Add(c.expires))
			put(t, config.Store, a.Key(), string(value))
			for range 3 {
				tokenOf(t, a)
			}
			if is.refreshes() != c.refreshes {
				t.Errorf("%s: %d refreshes, want %d", name, is.refreshes(), c.refreshes)
			}
			if got, err := refreshed(t, a); err != nil || is.refreshes() != c.refreshes+1 {
				t.Errorf("%s: rejected: %q, %v after %d refreshes", name, got, err, is.refreshes())
			}
		})
	}
}

// A lifetime that makes no sense is none: the token is used until it is rejected.
func TestOddLifetimes(t *testing.T) {
	for _, lifetime := range []any{0, -1, "-3600", nil} {
		inBubble(t, func(t *testing.T, is *issuer, _ oauth.Config, a *oauth.Account) {
			is.extra = map[string]any{"expires_in": lifetime}
			first, err := refreshed(t, a)
			time.Sleep(100 * time.Hour)
			if second := tokenOf(t, a); err != nil || second != first || is.refreshes() != 1 {
				t.Errorf("%v: %q, then %q after %d refreshes, %v", lifetime, first, second, is.refreshes(), err)
			}
		})
	}
}
