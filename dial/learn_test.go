package dial_test

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/memstore"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

// counted is a store that counts its calls.
type counted struct {
	peers.Store
	writes int
}

func (c *counted) Remember(ctx context.Context, p peers.Peer, r peers.Record) error {
	c.writes++
	return c.Store.Remember(ctx, p, r)
}

func TestLearns(t *testing.T) {
	s := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP})
	e := s.Endpoint(policy.RequiredSTARTTLS)
	store := &counted{Store: new(memstore.Store)}
	d := dial.Dialer{TLSConfig: s.ClientConfig(), Peers: store, PeerRules: peers.Rules{Lifetime: time.Hour}}
	before := time.Now().Add(-time.Second)
	var conn *dial.Conn
	for range 3 {
		var err error
		if conn, err = d.Dial(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	peer, err := e.Peer()
	if err != nil {
		t.Fatal(err)
	}
	got, err := store.Recall(t.Context(), peer)
	if err != nil || got == nil {
		t.Fatalf("%v, %v", got, err)
	}
	state := conn.Security().TLS
	want := peers.Record{
		Policy: policy.RequiredSTARTTLS, Verified: trust.PKIX, Version: tls.VersionTLS13,
		Leaf: trust.HashKey(state.PeerCertificates[0]), Issuer: trust.HashKey(state.VerifiedChains[0][1]),
		FirstSeen: got.FirstSeen, LastSeen: got.LastSeen, Lifetime: time.Hour,
	}
	if *got != want || got.LastSeen.Before(before) || got.LastSeen.After(time.Now()) {
		t.Errorf("got %+v, want %+v", *got, want)
	}
	if past := conn.Security().Known; past == nil || past.Peer != peer || past.Record != *got || past.Expired {
		t.Errorf("remembered %+v", past)
	}
	if store.writes != 1 {
		t.Errorf("%d writes for what is known", store.writes)
	}
}

// A dial under NoTLS does not use the store.
func TestNoTLSNeedsNoMemory(t *testing.T) {
	s := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP})
	d := dial.Dialer{Peers: never{t}}
	conn, err := d.Dial(t.Context(), s.Endpoint(policy.NoTLS))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

// The times of a record that is shown are not in the future.
func TestFutureIsClamped(t *testing.T) {
	s := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP, NoSTARTTLS: true})
	seen := time.Now().AddDate(20, 0, 0).UTC().Truncate(time.Second)
	ahead := peers.Record{
		Policy: policy.RequiredSTARTTLS, Verified: trust.PKIX, Version: tls.VersionTLS13,
		Leaf: trust.KeyHash{1}, Issuer: trust.KeyHash{2}, Mechanisms: peers.MechanismSet("PLAIN"),
		FirstSeen: seen, LastSeen: seen, Lifetime: 180 * 24 * time.Hour,
	}
	d := dial.Dialer{TLSConfig: s.ClientConfig(), Peers: fixed{record: &ahead}}
	_, err := d.Dial(t.Context(), s.Endpoint(policy.OpportunisticSTARTTLS))
	var past *peers.Known
	if !errors.As(err, &past) || past.Record.LastSeen.After(time.Now()) || past.Record.FirstSeen.After(time.Now()) || past.Expired {
		t.Errorf("%v: %+v", err, past)
	}
}

// A session whose server is not verified adds nothing to the store.
func TestTeachesNothing(t *testing.T) {
	ca := newCA(t)
	for name, c := range map[string]struct {
		config dialtest.Config
		client *tls.Config
		p      policy.Policy
	}{
		"downgrade":      {dialtest.Config{NoSTARTTLS: true}, ca.ClientConfig(), policy.OpportunisticSTARTTLS},
		"no TLS":         {dialtest.Config{}, ca.ClientConfig(), policy.NoTLS},
		"unverified":     {dialtest.Config{}, &tls.Config{InsecureSkipVerify: true}, policy.RequiredSTARTTLS},
		"not trusted":    {dialtest.Config{Cert: dialtest.CertUnknownCA}, ca.ClientConfig(), policy.RequiredSTARTTLS},
		"not let in":     {dialtest.Config{Implicit: true, Greeting: "* BYE full"}, ca.ClientConfig(), policy.ImplicitTLS},
		"refused":        {dialtest.Config{NoSTARTTLS: true}, ca.ClientConfig(), policy.RequiredSTARTTLS},
		"expired":        {dialtest.Config{Cert: dialtest.CertExpired}, ca.ClientConfig(), policy.OpportunisticSTARTTLS},
		"preauth, clear": {dialtest.Config{Greeting: "* PREAUTH hello"}, ca.ClientConfig(), policy.RequiredSTARTTLS},
	} {
		c.config.Protocol, c.config.CA = policy.IMAP, ca
		s := testserver.Start(t, c.config)
		store := &counted{Store: new(memstore.Store)}
		d := dial.Dialer{TLSConfig: c.client, Peers: store}
		if conn, err := d.Dial(t.Context(), s.Endpoint(c.p)); err == nil {
			conn.Close()
		}
		if store.writes != 0 {
			t.Errorf("%s: taught something", name)
		}
	}
}

// The time of the last session is written once an hour, so that most connections
// write nothing.
func TestRefreshedOncePerHour(t *testing.T) {
	s := testserver.Start(t, dialtest.Config{Protocol: policy.POP3})
	e := s.Endpoint(policy.RequiredSTARTTLS)
	d := dial.Dialer{TLSConfig: s.ClientConfig()}
	home := learned(t, d, e)
	for age, refreshed := range map[time.Duration]bool{59 * time.Minute: false, 61 * time.Minute: true, -time.Hour: false, -48 * time.Hour: true} {
		old := home
		old.LastSeen = home.LastSeen.Add(-age)
		old.FirstSeen = home.FirstSeen.Add(-100 * time.Hour)
		wrote := false
		d.Peers = fixed{record: &old}
		d.Trace = &dial.Trace{Remembered: func(dial.Endpoint, peers.Record, error) { wrote = true }}
		conn, err := d.Dial(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		if wrote != refreshed {
			t.Errorf("last session %v ago: written %v", age, wrote)
		}
	}
}

// broken is a store that fails, or hangs until its context ends.
type broken struct{ hang bool }

func (b broken) fail(ctx context.Context) error {
	if b.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return errors.New("no space left on device\r\n\x1b[31m")
}

func (b broken) Recall(ctx context.Context, _ peers.Peer) (*peers.Record, error) {
	return nil, b.fail(ctx)
}
func (b broken) Remember(ctx context.Context, _ peers.Peer, _ peers.Record) error {
	return b.fail(ctx)
}

// Under the policies that do not need the store a dial succeeds although the store
// fails, and the trace reports it.
func TestMemoryFails(t *testing.T) {
	s := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP})
	for _, p := range []policy.Policy{policy.RequiredSTARTTLS, policy.OpportunisticSTARTTLS} {
		var recalled, remembered error
		d := dial.Dialer{
			TLSConfig: s.ClientConfig(), Peers: broken{},
			Trace: &dial.Trace{
				Recalled:   func(_ dial.Endpoint, _ *peers.Record, err error) { recalled = err },
				Remembered: func(_ dial.Endpoint, _ peers.Record, err error) { remembered = err },
			},
		}
		conn, err := d.Dial(t.Context(), s.Endpoint(p))
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		if recalled == nil || remembered == nil {
			t.Errorf("%v: trace was told %v and %v", p, recalled, remembered)
		}
	}
}

// A store that hangs delays a dial by at most twice its own timeout, or a quarter of
// the time that the dial has left, and does not fail it.
func TestMemoryHangs(t *testing.T) {
	s := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP})
	for name, c := range map[string]struct {
		timeout, budget, most time.Duration
	}{
		"usual":         {0, time.Minute, 2 * time.Second},
		"longer":        {5 * time.Second, time.Minute, 10 * time.Second},
		"little time":   {time.Minute, time.Second, 500 * time.Millisecond},
		"little budget": {0, 100 * time.Millisecond, 50 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := dial.Dialer{
				TLSConfig: s.ClientConfig(), Peers: broken{hang: true},
				PeerRules: peers.Rules{Timeout: c.timeout}, Timeout: c.budget,
			}
			e := dial.Endpoint{Protocol: policy.IMAP, Host: "mail.test", Policy: policy.RequiredSTARTTLS}
			begin := time.Now()
			conn, err := d.NewConn(t.Context(), s.Pipe(), e)
			if took := time.Since(begin); err != nil || took > c.most || took < c.most/3 {
				t.Errorf("%s: %v after %v", name, err, took)
			}
			if conn != nil {
				conn.Close()
			}
		})
	}
}

// A mail client has dialled at home, and then is in a network where an attacker
// strips STARTTLS.
func TestScenario(t *testing.T) {
	for _, proto := range []policy.Protocol{policy.IMAP, policy.POP3, policy.Submission} {
		server := testserver.Start(t, dialtest.Config{Protocol: proto})
		mitm, err := dialtest.Interpose(server.Addr(), proto, dialtest.Strip)
		if err != nil {
			t.Fatal(err)
		}
		defer mitm.Close()
		store := new(memstore.Store)
		d := dial.Dialer{TLSConfig: server.ClientConfig(), Peers: store}
		e := dial.Endpoint{Protocol: proto, Host: "mail.test", Policy: policy.OpportunisticSTARTTLS}
		dialIn := func(through dial.NetDialer) (dial.Security, error) {
			d.NetDialer = through
			conn, err := d.Dial(t.Context(), e)
			if err != nil {
				return dial.Security{}, err
			}
			defer conn.Close()
			return conn.Security(), nil
		}
		if s, err := dialIn(server.NetDialer()); err != nil || !s.Confidential() {
			t.Fatalf("%v at home: %v, %v", proto, s, err)
		}
		_, err = dialIn(mitm.NetDialer())
		var (
			stopped *dial.Error
			past    *peers.Known
		)
		if !errors.Is(err, policy.ErrRemembered) || !errors.As(err, &stopped) || !errors.As(err, &past) {
			t.Fatalf("%v away: %v", proto, err)
		}
		if past.Record.Version != tls.VersionTLS13 || past.Record.Policy != policy.OpportunisticSTARTTLS || past.Peer.Host != "mail.test" {
			t.Errorf("%v: the error shows %+v", proto, past)
		}
		text, today := err.Error()+" "+stopped.Hint(), time.Now().UTC().Format("2 January 2006")
		for _, words := range []string{"had TLS before", "last seen on " + today, "TLS 1.3 (opportunistic-starttls)", "do not trust this network"} {
			if !strings.Contains(text, words) {
				t.Errorf("%v: %q is not in %q", proto, words, text)
			}
		}
		if stopped.Temporary() || stopped.Timeout() {
			t.Errorf("%v: temporary", proto)
		}
		peer, _ := e.Peer()
		store.Forget(t.Context(), peer)
		if s, err := dialIn(mitm.NetDialer()); err != nil || s.Encrypted() || s.Downgrade == nil {
			t.Errorf("%v forgotten: %v, %v", proto, s, err)
		}
	}
}
