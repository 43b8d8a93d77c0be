package imapwatch_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
	"github.com/mailconn/mailconn/policy"
)

// What is wrong with a Config is an error before any I/O.
func TestConfig(t *testing.T) {
	positions := newMemory()
	positions.held = true // to load it would be an error of another kind
	good := imapwatch.Config{Positions: positions, Handle: func(context.Context, *imapconn.Client, imapwatch.Change) error { return nil }}
	for name, spoil := range map[string]func(*imapwatch.Config){
		"Positions is nil":      func(c *imapwatch.Config) { c.Positions = nil },
		"Handle is nil":         func(c *imapwatch.Config) { c.Handle = nil },
		"Mailboxes is empty":    func(c *imapwatch.Config) { c.Mailboxes = []string{} },
		`has "a" twice`:         func(c *imapwatch.Config) { c.Mailboxes = []string{"a", "b", "a"} },
		`has "INBOX" twice`:     func(c *imapwatch.Config) { c.Mailboxes = []string{"Inbox", "inbox"} },
		`has "" twice`:          func(c *imapwatch.Config) { c.Mailboxes = []string{"a", ""} },
		"MaxConns is negative":  func(c *imapwatch.Config) { c.MaxConns = -1 },
		"a time in Config":      func(c *imapwatch.Config) { c.Recheck = -1 },
		"MinDelay is more than": func(c *imapwatch.Config) { c.MinDelay = time.Hour },
		"held":                  func(c *imapwatch.Config) {}, // of Positions
	} {
		c := good
		spoil(&c)
		for _, f := range []func(context.Context, imapwatch.Config) error{imapwatch.Run, imapwatch.Once} {
			if err := f(context.Background(), c); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%v, want %s", err, name)
			}
			var none context.Context
			if err := f(none, c); err == nil || !strings.Contains(err.Error(), "nil context") {
				t.Error(err)
			}
		}
	}
}

// What waiting does not mend ends Run.
func TestPermanent(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(*fixture)
		is    func(error) bool
	}{
		"credentials": {func(f *fixture) {
			f.order(dialtest.Rule{At: "credentials", Reply: "NO [AUTHENTICATIONFAILED] no"})
		}, func(err error) bool { return errors.Is(err, auth.KindCredentials) }},
		"policy": {func(f *fixture) { f.Endpoint.Policy = policy.RequiredSTARTTLS },
			func(err error) bool { return errors.Is(err, policy.ErrNotOffered) }},
		"endpoint": {func(f *fixture) { f.Endpoint.Policy = 0 },
			func(err error) bool { return errors.Is(err, policy.ErrUnset) }},
		"protocol": {func(f *fixture) { f.Endpoint.Protocol = policy.POP3 },
			func(err error) bool { return strings.Contains(err.Error(), "does not speak") }},
	} {
		watched(t, dialtest.Config{}, func(f *fixture) {
			test.spoil(f)
			err := f.ends()
			var failed *dial.Error
			if !errors.As(err, &failed) || !test.is(err) || len(f.downs) > 0 || len(f.dials) > 1 {
				t.Errorf("%s: %v; outages %v", name, err, f.downs)
			}
		})
	}
}

// Credentials that were good are tried once more when the server refuses them, and then no more.
func TestRefusedTwice(t *testing.T) {
	for _, times := range []int{1, 2} {
		watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
			stop := f.start()
			f.want("new 1")
			f.order(dialtest.Rule{At: "credentials", Times: times, Reply: "NO [AUTHENTICATIONFAILED] no"})
			f.srv.HangUp()
			f.srv.Deliver(letter(2))
			time.Sleep(2 * time.Hour)
			if err := stop(); errors.Is(err, auth.KindCredentials) != (times == 2) || len(f.dials) != 3 || len(f.downs) != 2 {
				t.Errorf("refused %d times: %v, %d connections, outages %v", times, err, len(f.dials), f.downs)
			}
			if times == 1 {
				f.want("new 2")
				f.complete()
			}
		})
	}
}

// A session without a login cannot select: that ends Run and Once, unless the
// greeting was PREAUTH.
func TestWithoutLogin(t *testing.T) {
	for name, c := range map[string]struct {
		config dialtest.Config
		auth   auth.Credentials
		want   string
	}{
		"no credentials": {dialtest.Config{}, nil, "Options.Auth is nil"},
		"none offered": {dialtest.Config{Greeting: "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] ready"},
			auth.Password{User: "user", Secret: auth.NewSecret("secret"), IfOffered: true, InsecureCleartext: true}, "offers no"},
	} {
		watched(t, c.config, func(f *fixture) {
			f.Options.Auth, f.Refused = c.auth, nil
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			defer cancel()
			for _, watch := range []func(context.Context, imapwatch.Config) error{imapwatch.Run, imapwatch.Once} {
				var failed *dial.Error
				err := watch(ctx, f.Config)
				if !errors.As(err, &failed) || failed.Phase != dial.PhaseAuth || failed.Temporary() ||
					!strings.Contains(err.Error(), "login") || !strings.Contains(failed.Hint(), c.want) || len(f.downs) > 0 {
					t.Errorf("%s: %v; outages %v", name, err, f.downs)
				}
			}
			if len(f.dials) != 2 {
				t.Errorf("%s: %d connections", name, len(f.dials))
			}
		})
	}
	watched(t, dialtest.Config{Greeting: "* PREAUTH [CAPABILITY IMAP4rev1 IDLE] ready", Mailbox: []string{letter(1)}}, func(f *fixture) {
		f.Options.Auth = nil
		f.run(func() { f.want("new 1") })
	})
}

// A certificate that does not verify ends Run.
func TestPermanentCertificate(t *testing.T) {
	watched(t, dialtest.Config{Implicit: true, Cert: dialtest.CertWrongHost}, func(f *fixture) {
		f.Endpoint.Policy = policy.ImplicitTLS
		f.Options.Dialer.TLSConfig = f.srv.ClientConfig()
		var failed *dial.Error
		if err := f.ends(); !errors.As(err, &failed) || failed.Phase != dial.PhaseHandshake || len(f.downs) > 0 {
			t.Errorf("%v; outages %v", err, f.downs)
		}
	})
}

// A refusal that may be about the credentials, and one for too many connections, is tried
// again rarely; others are at growing distances.
func TestDistances(t *testing.T) {
	for name, test := range map[string]struct {
		rule        dialtest.Rule
		least, most time.Duration
	}{
		"guessed":      {dialtest.Rule{At: "credentials", Reply: "NO no"}, 30 * time.Minute, 30 * time.Minute},
		"limit":        {dialtest.Rule{At: "credentials", Reply: "NO [ALERT] Too many simultaneous connections. (Failure)"}, 30 * time.Minute, 30 * time.Minute},
		"limit's code": {dialtest.Rule{At: "credentials", Reply: "NO [LIMIT] no"}, 30 * time.Minute, 30 * time.Minute},
		"greeting":     {dialtest.Rule{At: "greeting", Reply: "* BYE Too many connections from your address", End: dialtest.EndClose}, 30 * time.Minute, 30 * time.Minute},
		"turned away":  {dialtest.Rule{At: "greeting", Reply: "* BYE you are not wanted", End: dialtest.EndClose}, 30 * time.Minute, 30 * time.Minute},
		"in a session": {dialtest.Rule{At: "SELECT", Reply: "* BYE [THROTTLED] rate limit exceeded", End: dialtest.EndClose}, 30 * time.Minute, 30 * time.Minute},
		"unavailable":  {dialtest.Rule{At: "credentials", Reply: "NO [UNAVAILABLE] not now"}, time.Second, 5 * time.Minute},
		"shut down":    {dialtest.Rule{At: "IDLE", Reply: "* BYE shutting down", End: dialtest.EndClose}, time.Second, 5 * time.Minute},
		"hang-up":      {dialtest.Rule{At: "connect", End: dialtest.EndClose}, time.Second, 5 * time.Minute},
	} {
		watched(t, dialtest.Config{Rules: []dialtest.Rule{test.rule}}, func(f *fixture) {
			f.run(func() { time.Sleep(5 * time.Hour) })
			gaps := gaps(f.dials)
			if least, most := slices.Min(gaps), slices.Max(gaps); least < test.least || most > test.most {
				t.Errorf("%s: from %v to %v: %v", name, least, most, f.downs[0])
			}
			if test.most == 5*time.Minute && (len(gaps) < 60 || gaps[0] > 2*time.Second || slices.Max(gaps) < 2*time.Minute) {
				t.Errorf("%s: %d tries, apart %v", name, len(gaps), gaps)
			}
			for i, failed := range f.downs {
				if i+1 < len(f.dials) && !f.nexts[i].Equal(f.dials[i+1]) {
					t.Errorf("%s: told %v, tried %v (%v)", name, f.nexts[i], f.dials[i+1], failed)
				}
			}
		})
	}
}

// A session that ends soon does not make the next distance short: only one that has stood
// for Stable does.
func TestStable(t *testing.T) {
	for stood, most := range map[time.Duration]time.Duration{50 * time.Second: 5 * time.Minute, 70 * time.Second: time.Second} {
		watched(t, dialtest.Config{}, func(f *fixture) {
			f.order(dialtest.Rule{At: "idling", Do: func(string) { time.AfterFunc(stood, f.srv.HangUp) }})
			f.run(func() { time.Sleep(3 * time.Hour) })
			longest := time.Duration(0)
			for i, failed := range f.downs {
				if i+1 < len(f.dials) {
					longest = max(longest, f.dials[i+1].Sub(f.dials[i])-stood)
				}
				var farewell *dial.Farewell
				if !errors.As(failed, &farewell) {
					t.Errorf("the outage is %v", failed)
				}
			}
			if longest > most+time.Second || longest < most/2 {
				t.Errorf("sessions of %v: the longest distance is %v", stood, longest)
			}
		})
	}
}

// Once tells what has happened, and returns; it says what it could not do.
func TestOnce(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
		ctx := context.Background()
		for range 2 {
			if err := imapwatch.Once(ctx, f.Config); err != nil {
				t.Error(err)
			}
		}
		f.want("new 1")
		if n := f.commands("LOGOUT"); n != 2 {
			t.Errorf("%d farewells", n)
		}
		f.Mailboxes, f.Refused = []string{"none", "INBOX"}, nil
		f.srv.Deliver(letter(2))
		var refused *imap.Error
		if err := imapwatch.Once(ctx, f.Config); !errors.As(err, &refused) || !strings.Contains(err.Error(), `"none"`) {
			t.Error(err)
		}
		f.want("new 2")
		f.order(dialtest.Rule{At: "SELECT", End: dialtest.EndStall, Skip: true})
		short, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		var failed *dial.Error
		if err := imapwatch.Once(short, f.Config); !errors.As(err, &failed) || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		f.srv.ClearRules()
		f.unreach = true
		if err := imapwatch.Once(ctx, f.Config); !errors.As(err, &failed) || failed.Phase != dial.PhaseConnect || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	})
}
