package oauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/auth/oauth"
)

// inBubble runs f with an account whose user has signed in, in a bubble.
func inBubble(t *testing.T, f func(t *testing.T, is *issuer, c oauth.Config, a *oauth.Account)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		is := newIssuer(testIssuer)
		c := is.config()
		f(t, is, c, signedIn(t, is, c))
	})
}

// A token is used until it is about to expire.
func TestTokenExpires(t *testing.T) {
	for _, c := range []struct{ lifetime, good time.Duration }{
		{time.Hour, 59 * time.Minute},
		{30 * time.Second, 27 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			is := newIssuer(testIssuer)
			is.lifetime = int(c.lifetime / time.Second)
			config := is.config()
			a := signedIn(t, is, config)
			first, err := refreshed(t, a)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(c.good - time.Second)
			if second := tokenOf(t, a); second != first || is.refreshes() != 1 {
				t.Errorf("%v: another token after %v", c.lifetime, c.good-time.Second)
			}
			time.Sleep(time.Second)
			if second := tokenOf(t, a); second == first || is.refreshes() != 2 {
				t.Errorf("%v: the same token after %v", c.lifetime, c.good)
			}
			if got := is.form(); got.Get("refresh_token") != "refresh-refresh-refresh-1" || got.Get("client_id") != testClient {
				t.Errorf("form %v", got)
			}
		})
	}
}

// A token whose lifetime the issuer does not tell is used until it is rejected. A refresh
// token that is not replaced is used again.
func TestTokenWithoutExpiry(t *testing.T) {
	inBubble(t, func(t *testing.T, is *issuer, c oauth.Config, a *oauth.Account) {
		is.lifetime, is.fixed = 0, is.refresh
		first, err := refreshed(t, a)
		time.Sleep(1000 * time.Hour)
		if second := tokenOf(t, a); err != nil || second != first {
			t.Errorf("%q, then %q, %v", first, second, err)
		}
		if second, err := refreshed(t, a); err != nil || second == first || is.refreshes() != 2 {
			t.Errorf("%q, then %q, %v", first, second, err)
		}
	})
}

// spy is a Store that tells of its steps.
type spy struct {
	oauth.Store
	before, after func() error // Update saves
}

func (s *spy) Update(ctx context.Context, key string, change func([]byte) ([]byte, error)) error {
	err := s.Store.Update(ctx, key, func(old []byte) ([]byte, error) {
		value, err := change(old)
		if err == nil && s.before != nil {
			err = s.before()
		}
		return value, err
	})
	if err == nil && s.after != nil {
		err = s.after()
	}
	return err
}

// A new token is given out after it was saved, and not before.
func TestRow07SavedBeforeUse(t *testing.T) {
	inBubble(t, func(t *testing.T, is *issuer, c oauth.Config, _ *oauth.Account) {
		saving, save := make(chan struct{}), make(chan struct{})
		c.Store = &spy{Store: c.Store, before: func() error { close(saving); <-save; return nil }}
		a := account(t, is, c)
		got := make(chan string, 1)
		go func() {
			s, err := a.Secret(t.Context(), rejected("access-access-access-0"))
			if err != nil {
				t.Error(err)
			}
			got <- s.Reveal()
		}()
		<-saving
		synctest.Wait()
		select {
		case token := <-got:
			t.Errorf("%q was given out before it was saved", token)
		default:
		}
		close(save)
		token := <-got
		value, err := c.Store.Load(t.Context(), a.Key())
		if err != nil || !strings.Contains(string(value), token) || !strings.Contains(string(value), "refresh-refresh-refresh-1") {
			t.Errorf("%q was given out, and saved is %s, %v", token, value, err)
		}
	})
}

// A token that could not be saved is not given out. It is kept, and saved before the issuer
// is asked again.
func TestRow07StoreFails(t *testing.T) {
	for _, late := range []bool{false, true} {
		inBubble(t, func(t *testing.T, is *issuer, c oauth.Config, _ *oauth.Account) {
			fails := true
			fail := func() error {
				if fails {
					return syscall.ENOSPC
				}
				return nil
			}
			s := &spy{Store: c.Store, before: fail}
			if late { // the value is there, but perhaps not on disk
				s.before, s.after = nil, fail
			}
			c.Store = s
			a := account(t, is, c)
			for range 2 {
				_, err := a.Secret(t.Context(), rejected("access-access-access-0"))
				if late && err == nil {
					break // the value was found in the store
				}
				var failed *oauth.Error
				if !errors.Is(err, syscall.ENOSPC) || !errors.As(err, &failed) || failed.Kind != oauth.KindStore || !failed.Temporary() {
					t.Errorf("late %v: %v", late, err)
				}
			}
			fails = false
			got, err := a.Secret(t.Context(), rejected("access-access-access-0"))
			if err != nil || got.Reveal() != "access-access-access-1" || is.refreshes() != 1 {
				t.Errorf("late %v: %q, %v after %d refreshes", late, got.Reveal(), err, is.refreshes())
			}
			if got := get(t, c.Store, a.Key()); !strings.Contains(got, "refresh-refresh-refresh-1") {
				t.Errorf("late %v: saved is %s", late, got)
			}
			time.Sleep(time.Hour)
			if got := tokenOf(t, account(t, is, c)); got != "access-access-access-2" {
				t.Errorf("late %v: later %q", late, got)
			}
		})
	}
}

// What could not be saved, and has expired since, is refreshed.
func TestRow07StoreFailsForLong(t *testing.T) {
	inBubble(t, func(t *testing.T, is *issuer, c oauth.Config, _ *oauth.Account) {
		s := &spy{Store: c.Store, before: func() error { return syscall.ENOSPC }}
		c.Store = s
		a := account(t, is, c)
		if _, err := a.Secret(t.Context(), rejected("access-access-access-0")); !errors.Is(err, syscall.ENOSPC) {
			t.Error(err)
		}
		time.Sleep(2 * time.Hour)
		s.before = nil
		if got := tokenOf(t, a); got != "access-access-access-2" || is.refreshes() != 2 {
			t.Errorf("%q after %d refreshes", got, is.refreshes())
		}
	})
}

// The caller's context ends the call, and not the refresh: its answer may be the only one
// that has a good refresh token.
func TestRow07CancelledRefreshIsSaved(t *testing.T) {
	inBubble(t, func(t *testing.T, is *issuer, c oauth.Config, a *oauth.Account) {
		asked, go_on := make(chan struct{}), make(chan struct{})
		c.Transport = slow{c.Transport, func(r *http.Request) {
			if r.Method == "POST" {
				close(asked)
				<-go_on
			}
		}}
		a = account(t, is, c)
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("program ends")
		returned := make(chan error, 1)
		go func() {
			_, err := a.Secret(ctx, rejected("access-access-access-0"))
			returned <- err
		}()
		<-asked
		cancel(why)
		if err := <-returned; !errors.Is(err, context.Canceled) || !errors.Is(err, why) {
			t.Errorf("%v", err)
		}
		short, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := a.Wait(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait during the refresh: %v", err)
		}
		close(go_on)
		if err := a.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if got := get(t, c.Store, a.Key()); !strings.Contains(got, "refresh-refresh-refresh-1") {
			t.Errorf("saved is %s", got)
		}
		if _, err := a.Secret(ctx, rejected("access-access-access-1")); !errors.Is(err, context.Canceled) || is.refreshes() != 1 {
			t.Errorf("with a context that has ended: %v", err)
		}
	})
}

// slow is a transport that calls a function before each request.
type slow struct {
	http.RoundTripper
	before func(*http.Request)
}

func (s slow) RoundTrip(r *http.Request) (*http.Response, error) {
	s.before(r)
	return s.RoundTripper.RoundTrip(r)
}

// However many sessions want a token at once, by however many Accounts: one refresh.
func TestRow08OneRefresh(t *testing.T) {
	eachStore(t, func(t *testing.T, open func() oauth.Store) {
		is := newIssuer(testIssuer)
		c := is.config()
		c.Store = open()
		signedIn(t, is, c)
		var accounts []*oauth.Account
		for range 2 { // as in two programs
			c.Store = open()
			accounts = append(accounts, account(t, is, c))
		}
		for _, told := range []*auth.Error{rejected("access-access-access-0"), rejected("access-access-access-1")} {
			var wg sync.WaitGroup
			var tokens sync.Map
			for i := range 40 {
				wg.Go(func() {
					s, err := accounts[i%2].Secret(t.Context(), told)
					if err != nil {
						t.Error(err)
					}
					tokens.Store(s.Reveal(), true)
				})
			}
			wg.Wait()
			n := 0
			tokens.Range(func(any, any) bool { n++; return true })
			if n != 1 {
				t.Errorf("%d tokens", n)
			}
		}
		if is.refreshes() != 2 {
			t.Errorf("%d refreshes for two rejected tokens", is.refreshes())
		}
	})
}

// A session that joins a refresh whose result was rejected, too, gets another token.
func TestRow08JoinsAnOlderRefresh(t *testing.T) {
	inBubble(t, func(t *testing.T, is *issuer, c oauth.Config, a *oauth.Account) {
		asked, release := make(chan struct{}), make(chan struct{})
		var first atomic.Bool
		c.Transport = slow{c.Transport, func(r *http.Request) {
			if r.Method == "POST" && first.CompareAndSwap(false, true) {
				close(asked)
				<-release
			}
		}}
		a = account(t, is, c)
		results := make(chan string, 2)
		secret := func(told *auth.Error) {
			s, err := a.Secret(t.Context(), told)
			if err != nil {
				t.Error(err)
			}
			results <- s.Reveal()
		}
		go secret(rejected("access-access-access-0"))
		<-asked
		go secret(rejected("access-access-access-1")) // as another program might have got it
		synctest.Wait()
		close(release)
		got := map[string]bool{<-results: true, <-results: true}
		if !got["access-access-access-1"] || !got["access-access-access-2"] {
			t.Errorf("tokens %v", got)
		}
	})
}

// What a refusal means for the program.
func TestRow09Refusals(t *testing.T) {
	refusal := func(status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { refuse(w, status, code) }
	}
	odd := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { answer(w, 400, json.RawMessage(body)) }
	}
	labelled := func(media string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{media}
			w.WriteHeader(400)
			io.WriteString(w, `{"error":"invalid_grant"}`)
		}
	}
	for name, c := range map[string]struct {
		answer  http.HandlerFunc
		kind    oauth.Kind
		consent bool
		again   bool // the issuer is asked again
	}{
		"invalid_grant":         {refusal(400, "invalid_grant"), oauth.KindGrant, true, false},
		"interaction_required":  {refusal(400, "interaction_required"), oauth.KindGrant, true, false},
		"error with 200":        {refusal(200, "invalid_grant"), oauth.KindGrant, true, false},
		"invalid_grant as text": {labelled("text/plain"), oauth.KindGrant, true, false},
		"without a label":       {labelled(""), oauth.KindGrant, true, false},
		"odd description":       {odd(`{"error":"invalid_grant","error_description":["x"]}`), oauth.KindGrant, true, false},
		"error as an object":    {odd(`{"error":{"code":"invalid_grant"}}`), oauth.KindIssuer, false, true},
		"invalid_client":        {refusal(401, "invalid_client"), oauth.KindConfiguration, false, true},
		"unauthorized_client":   {refusal(400, "unauthorized_client"), oauth.KindConfiguration, false, true},
		"unknown code":          {refusal(400, "org_internal"), oauth.KindConfiguration, false, true},
		"server_error":          {refusal(500, "server_error"), oauth.KindTemporary, false, true},
		"invalid_grant by 503":  {refusal(503, "invalid_grant"), oauth.KindTemporary, false, true},
		"429":                   {refusal(429, ""), oauth.KindTemporary, false, true},
		"unavailable":           {refusal(400, "temporarily_unavailable"), oauth.KindTemporary, false, true},
		"503 with a page":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, oauth.KindTemporary, false, true},
		"403 with a page":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, oauth.KindIssuer, false, true},
	} {
		inBubble(t, func(t *testing.T, is *issuer, _ oauth.Config, a *oauth.Account) {
			is.override = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == "POST" {
					c.answer(w, r)
				}
				return r.Method == "POST"
			}
			for range 2 {
				_, err := a.Secret(t.Context(), rejected("access-access-access-0"))
				var consent *oauth.ConsentError
				var failed *oauth.Error
				if errors.As(err, &consent) != c.consent || !errors.As(err, &failed) || failed.Kind != c.kind || !errors.Is(err, c.kind) || failed.Temporary() != (c.kind == oauth.KindTemporary) {
					t.Errorf("%s: %v", name, err)
				}
				if c.consent && (consent.Issuer != testIssuer || consent.User != testUser || consent.Hint() == "" || consent.Temporary()) {
					t.Errorf("%s: %+v", name, consent)
				}
				if failed != nil && (failed.Hint() == "" || failed.Endpoint != testIssuer+"/token" || failed.Status == 0) {
					t.Errorf("%s: %+v", name, failed)
				}
			}
			want := 1
			if c.again {
				want = 2
			}
			if n := is.refreshes(); n != want {
				t.Errorf("%s: %d requests", name, n)
			}
		})
	}
}

// After a refusal for good, a new sign-in is enough, also one of another program.
func TestRow09ConsentAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, is *issuer, c oauth.Config, a *oauth.Account) {
		is.refresh = "revoked"
		var consent *oauth.ConsentError
		if _, err := a.Secret(t.Context(), rejected("access-access-access-0")); !errors.As(err, &consent) {
			t.Error(err)
		}
		is.signIn(t, a, c.Store, "7")
		for _, c := range [][2]string{{"access-access-access-0", "access-access-access-7"}, {"access-access-access-7", "access-access-access-1"}} {
			if got, err := a.Secret(t.Context(), rejected(c[0])); err != nil || got.Reveal() != c[1] {
				t.Errorf("%q, %v", got.Reveal(), err)
			}
		}
	})
}

// The time of Retry-After is kept. Meanwhile a token that has not expired is used.
func TestRow09RetryAfter(t *testing.T) {
	for _, header := range []string{"120", "Sat, 01 Jan 2000 01:01:10 GMT"} {
		inBubble(t, func(t *testing.T, is *issuer, _ oauth.Config, a *oauth.Account) {
			tokenOf(t, a)
			time.Sleep(59*time.Minute + 10*time.Second)
			is.override = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == "POST" {
					w.Header().Set("Retry-After", header)
					w.WriteHeader(503)
				}
				return r.Method == "POST"
			}
			if got := tokenOf(t, a); got != "access-access-access-0" {
				t.Errorf("before it expires: %q", got)
			}
			time.Sleep(time.Minute)
			_, err := a.Secret(t.Context(), nil)
			var failed *oauth.Error
			if !errors.As(err, &failed) || !failed.Temporary() || failed.RetryAfter != time.Minute { // what is left
				t.Errorf("%q: %v", header, err)
			}
			if n := is.refreshes(); n != 1 {
				t.Errorf("%q: %d requests in the first minute", header, n)
			}
			time.Sleep(time.Minute)
			is.override = nil
			if got := tokenOf(t, a); got != "access-access-access-1" {
				t.Errorf("%q: then %q", header, got)
			}
		})
	}
}

// Without a network the failure is temporary, and holds the network's error. A certificate
// that is not valid is not temporary.
func TestRow09Network(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	listener.Close()
	is := newIssuer("https://" + closed)
	c := is.config()
	c.Transport = nil
	a := signedIn(t, is, c)
	_, err = a.Secret(t.Context(), rejected("access-access-access-0"))
	var failed *oauth.Error
	if !errors.Is(err, syscall.ECONNREFUSED) || !errors.As(err, &failed) || failed.Kind != oauth.KindTemporary || failed.Status != 0 {
		t.Errorf("%v", err)
	}
}

// An issuer that is silent is a temporary failure after the time-out, for all that wait.
func TestRow09TimeOut(t *testing.T) {
	inBubble(t, func(t *testing.T, is *issuer, c oauth.Config, a *oauth.Account) {
		silent := make(chan struct{})
		defer close(silent)
		c.Transport = hosts{"login.test": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-silent })}
		c.Timeout = 7 * time.Second
		a = account(t, is, c)
		begin := time.Now()
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				_, err := a.Secret(t.Context(), rejected("access-access-access-0"))
				if !errors.Is(err, oauth.KindTemporary) || !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != c.Timeout {
					t.Errorf("after %v: %v", time.Since(begin), err)
				}
			})
		}
		wg.Wait()
	})
}

// A user who has not signed in, or has been forgotten, has to sign in. Without a refresh
// token a token is used to its end.
func TestRow09NoGrant(t *testing.T) {
	inBubble(t, func(t *testing.T, is *issuer, c oauth.Config, a *oauth.Account) {
		noGrant := func(when string) {
			t.Helper()
			_, err := a.Secret(t.Context(), nil)
			var consent *oauth.ConsentError
			if !errors.As(err, &consent) || !errors.Is(err, oauth.ErrNoGrant) {
				t.Errorf("%s: %v", when, err)
			}
		}
		if err := a.Forget(t.Context()); err != nil {
			t.Error(err)
		}
		noGrant("forgotten")
		put(t, c.Store, a.Key(), "not a grant")
		noGrant("damaged")
		seed(t, a, c.Store, "access-access-access-9", "", time.Hour)
		time.Sleep(time.Hour - time.Second)
		if got := tokenOf(t, a); got != "access-access-access-9" {
			t.Errorf("a second before it expires: %q", got)
		}
		time.Sleep(time.Second)
		noGrant("expired")
		seed(t, a, c.Store, "access-access-access-9", "", time.Hour)
		if _, err := a.Secret(t.Context(), rejected("access-access-access-9")); !errors.Is(err, oauth.ErrNoGrant) {
			t.Errorf("rejected: %v", err)
		}
		if n := is.refreshes(); n != 0 {
			t.Errorf("%d refreshes", n)
		}
	})
}

// Metadata are read again after a day. If that fails the old ones do.
func TestMetadataAreReadAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, is *issuer, _ oauth.Config, a *oauth.Account) {
		for i, c := range []struct {
			later time.Duration
			reads int
			fails bool
		}{{0, 1, false}, {23 * time.Hour, 1, false}, {time.Hour, 2, false}, {25 * time.Hour, 4, true}, {time.Hour, 5, false}} {
			time.Sleep(c.later)
			is.override = func(w http.ResponseWriter, r *http.Request) bool {
				if c.fails = c.fails && r.Method == "GET"; c.fails {
					w.WriteHeader(500)
				}
				return c.fails
			}
			s, err := a.Secret(t.Context(), rejected("access-access-access-"+string(rune('0'+i))))
			if err != nil || s.Reveal() != "access-access-access-"+string(rune('1'+i)) || len(is.seen("GET")) != c.reads {
				t.Errorf("%d: %q, %v after %d reads", i, s.Reveal(), err, len(is.seen("GET")))
			}
		}
	})
}
