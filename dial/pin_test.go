package dial_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// inspect returns the pin for the key that a server presents.
func inspect(t *testing.T, d dial.Dialer, e dial.Endpoint) *dial.Inspection {
	t.Helper()
	found, err := d.Inspect(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// noLogin is a server that offers no login, so that a login can fail only at the gate.
type noLogin struct{ auth.Transport }

func (noLogin) Mechanisms() []string { return nil }
func (noLogin) Finish() error        { return nil }

// verified dials and returns how the server was verified.
func verified(t *testing.T, d dial.Dialer, e dial.Endpoint) (dial.Security, error) {
	t.Helper()
	conn, err := d.Dial(t.Context(), e)
	if err != nil {
		return dial.Security{}, err
	}
	defer conn.Close()
	if err := conn.Setup(t.Context(), func(ctx context.Context, s *dial.Setup) error {
		_, err := auth.Authenticate(ctx, s, noLogin{}, auth.Password{User: "u", Secret: auth.NewSecret("p"), IfOffered: true})
		return err
	}); err != nil {
		t.Errorf("gate: %v", err)
	}
	return conn.Security(), nil
}

// pinOf returns the pin of a server whose certificate does not verify.
func pinOf(t *testing.T, d dial.Dialer, e dial.Endpoint) dial.Pin {
	t.Helper()
	pin, ok := inspect(t, d, e).Pin()
	if !ok {
		t.Fatal("there is no pin")
	}
	return pin
}

func TestPinnedServers(t *testing.T) {
	ca := newCA(t)
	for _, kind := range []dialtest.CertKind{dialtest.CertSelfSigned, dialtest.CertUnknownCA, dialtest.CertExpired, dialtest.CertWrongHost, dialtest.CertMissingIntermediate, dialtest.CertCNOnly} {
		for _, p := range []policy.Policy{policy.ImplicitTLS, policy.RequiredSTARTTLS, policy.OpportunisticSTARTTLS} {
			s := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP, CA: ca, Cert: kind, Implicit: p == policy.ImplicitTLS})
			e := s.Endpoint(p)
			d := dial.Dialer{TLSConfig: ca.ClientConfig()}
			if _, err := verified(t, d, e); err == nil {
				t.Fatalf("%v %v: accepted without a pin", kind, p)
			}
			d.Pins = []dial.Pin{pinOf(t, d, e)}
			got, err := verified(t, d, e)
			if err != nil || got.Verified != trust.Pinned || got.Confidential() || !strings.Contains(got.String(), "pinned") {
				t.Errorf("%v %v: %v, %v", kind, p, got, err)
			}
			var bad *tls.CertificateVerificationError
			d.Pins = nil
			if _, err := verified(t, d, e); !errors.As(err, &bad) {
				t.Errorf("%v %v, pin removed: %v", kind, p, err)
			}
		}
	}
}

// A pin is for its endpoint alone, policy, port, host and protocol.
func TestPinsStayApart(t *testing.T) {
	ca := newCA(t)
	s := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP, CA: ca, Cert: dialtest.CertSelfSigned})
	e := s.Endpoint(policy.RequiredSTARTTLS)
	d := dial.Dialer{TLSConfig: ca.ClientConfig(), NetDialer: s.NetDialer()}
	pin := pinOf(t, d, e)
	for name, f := range map[string]func(*dial.Endpoint){
		"policy":   func(e *dial.Endpoint) { e.Policy = policy.OpportunisticSTARTTLS },
		"port":     func(e *dial.Endpoint) { e.Port++ },
		"host":     func(e *dial.Endpoint) { e.Host = "other.test" },
		"protocol": func(e *dial.Endpoint) { e.Protocol = policy.POP3 },
	} {
		other := e
		f(&other)
		d.Pins = []dial.Pin{{Endpoint: other, Key: pin.Key}}
		if _, err := verified(t, d, e); err == nil || errors.Is(err, policy.ErrPinMismatch) {
			t.Errorf("with another %s: %v", name, err)
		}
	}
	d.Pins = []dial.Pin{pin, {Endpoint: e, Key: trust.KeyHash{1}}}
	if _, err := verified(t, d, e); err != nil {
		t.Errorf("one of two: %v", err)
	}
}

func TestPinMismatch(t *testing.T) {
	ca := newCA(t)
	s := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP, CA: ca, Cert: dialtest.CertSelfSigned})
	e := s.Endpoint(policy.RequiredSTARTTLS)
	d := dial.Dialer{TLSConfig: ca.ClientConfig(), Pins: []dial.Pin{{Endpoint: e, Key: trust.KeyHash{1}}}}
	_, err := verified(t, d, e)
	var (
		bad     *tls.CertificateVerificationError
		stopped *dial.Error
	)
	if !errors.Is(err, policy.ErrPinMismatch) || !errors.As(err, &bad) || !errors.As(err, &stopped) ||
		stopped.Phase != dial.PhaseHandshake || !strings.Contains(stopped.Hint(), "whether the key was changed") {
		t.Errorf("got %v", err)
	}
}

// A server that gets a valid certificate is accepted, by that (RFC 9525 §6.6).
func TestPinnedServerBecomesValid(t *testing.T) {
	s := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP})
	e := s.Endpoint(policy.RequiredSTARTTLS)
	asked := 0
	cfg := s.ClientConfig()
	cfg.VerifyConnection = func(s tls.ConnectionState) error {
		asked += len(s.VerifiedChains)
		return nil
	}
	d := dial.Dialer{TLSConfig: cfg, Pins: []dial.Pin{{Endpoint: e, Key: trust.KeyHash{1}}}}
	got, err := verified(t, d, e)
	if err != nil || got.Verified != trust.PKIX || !got.Confidential() || len(got.TLS.VerifiedChains) == 0 || asked == 0 {
		t.Errorf("%v, %v, chains %d", got, err, asked)
	}
	veto := errors.New("not this one")
	cfg.VerifyConnection = func(tls.ConnectionState) error { return veto }
	if _, err := verified(t, d, e); !errors.Is(err, veto) {
		t.Errorf("the caller's word is passed over: %v", err)
	}
}

// With an exclusive pin only its key is accepted, also in a session that is resumed.
func TestExclusivePin(t *testing.T) {
	for _, kind := range []dialtest.CertKind{dialtest.CertGood, dialtest.CertSelfSigned} {
		s := testserver.Start(t, dialtest.Config{Protocol: policy.POP3, Cert: kind, Implicit: true})
		e := s.Endpoint(policy.ImplicitTLS)
		cfg := s.ClientConfig()
		cfg.ClientSessionCache = tls.NewLRUClientSessionCache(8)
		d := dial.Dialer{TLSConfig: cfg}
		pin, err := dial.NewPin(e, inspect(t, d, e).Chain[0])
		if err != nil {
			t.Fatal(err)
		}
		pin.Exclusive = true
		d.Pins = []dial.Pin{pin}
		want := trust.PKIX
		if kind == dialtest.CertSelfSigned {
			want = trust.Pinned
		}
		for range 3 {
			if got, err := verified(t, d, e); err != nil || got.Verified != want {
				t.Errorf("%v: %v, %v", kind, got, err)
			}
		}
		d.Pins = []dial.Pin{{Endpoint: e, Key: trust.KeyHash{1}, Exclusive: true}, {Endpoint: e, Key: trust.KeyHash{2}}}
		if _, err := verified(t, d, e); !errors.Is(err, policy.ErrPinMismatch) {
			t.Errorf("%v, another key: %v", kind, err)
		}
	}
}

// presenting is a server that presents a chain of the test.
func presenting(t *testing.T, key any, chain ...[]byte) *dialtest.Server {
	t.Helper()
	cert := tls.Certificate{Certificate: chain, PrivateKey: key}
	return testserver.Start(t, dialtest.Config{Protocol: policy.POP3, Implicit: true, TLS: &tls.Config{Certificates: []tls.Certificate{cert}}})
}

// selfSigned makes a self-signed certificate.
func selfSigned(t *testing.T, public, private any) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "self"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// A server can present any other certificate after its own.
func TestOnlyTheLeafIsPinned(t *testing.T) {
	ours, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pinned := selfSigned(t, &ours.PublicKey, ours)
	s := presenting(t, theirs, selfSigned(t, &theirs.PublicKey, theirs), pinned)
	leaf, err := x509.ParseCertificate(pinned)
	if err != nil {
		t.Fatal(err)
	}
	e := s.Endpoint(policy.ImplicitTLS)
	pin, err := dial.NewPin(e, leaf)
	if err != nil {
		t.Fatal(err)
	}
	d := dial.Dialer{Pins: []dial.Pin{pin}}
	if _, err := verified(t, d, e); !errors.Is(err, policy.ErrPinMismatch) {
		t.Errorf("got %v", err)
	}
}

func TestWeakKeysAreNotPinned(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	s := presenting(t, weak, selfSigned(t, &weak.PublicKey, weak))
	e := s.Endpoint(policy.ImplicitTLS)
	d := dial.Dialer{}
	found := inspect(t, d, e)
	if pin, ok := found.Pin(); found.Err == nil || ok || pin != (dial.Pin{}) {
		t.Errorf("inspected: %+v", found)
	}
	d.Pins = []dial.Pin{{Endpoint: e, Key: trust.HashKey(found.Chain[0])}}
	var short *trust.WeakKeyError
	if _, err := verified(t, d, e); !errors.As(err, &short) || short.Bits != 1024 {
		t.Errorf("got %v", err)
	}
}

// A session that began with a pin must not be resumed without it.
func TestPinIsNotResumed(t *testing.T) {
	ca := newCA(t)
	s := testserver.Start(t, dialtest.Config{Protocol: policy.POP3, CA: ca, Cert: dialtest.CertSelfSigned, Implicit: true})
	e := s.Endpoint(policy.ImplicitTLS)
	cfg := ca.ClientConfig()
	cfg.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	d := dial.Dialer{TLSConfig: cfg}
	d.Pins = []dial.Pin{pinOf(t, d, e)}
	resumed := false
	for range 3 {
		got, err := verified(t, d, e)
		if err != nil || got.Verified != trust.Pinned {
			t.Fatalf("%v, %v", got, err)
		}
		resumed = resumed || got.TLS.DidResume
	}
	if !resumed {
		t.Error("nothing was resumed, so this test shows nothing")
	}
	d.Pins[0].Key[0] ^= 1
	if _, err := verified(t, d, e); !errors.Is(err, policy.ErrPinMismatch) {
		t.Errorf("with another pin: %v", err)
	}
	d.Pins = nil
	if _, err := verified(t, d, e); err == nil {
		t.Error("resumed without the pin")
	}
}

func TestBadPins(t *testing.T) {
	e := dial.Endpoint{Protocol: policy.IMAP, Host: "mail.test", Policy: policy.ImplicitTLS}
	good := dial.Pin{Endpoint: e, Key: trust.KeyHash{1}}
	clear := e
	clear.Policy = policy.NoTLS
	for name, d := range map[string]dial.Dialer{
		"no key":      {Pins: []dial.Pin{good, {Endpoint: e}}},
		"no endpoint": {Pins: []dial.Pin{{Key: trust.KeyHash{1}}}},
		"no TLS":      {Pins: []dial.Pin{{Endpoint: clear, Key: trust.KeyHash{1}}}},
		"blind":       {Pins: []dial.Pin{good}, TLSConfig: &tls.Config{InsecureSkipVerify: true}},
		"own check":   {Pins: []dial.Pin{good}, TLSConfig: &tls.Config{VerifyPeerCertificate: func([][]byte, [][]*x509.Certificate) error { return nil }}},
		"lifetime":    {PeerRules: peers.Rules{Lifetime: -1}},
		"time-out":    {PeerRules: peers.Rules{Timeout: -1}},
	} {
		d.NetDialer = scripttest.NoNetwork(t)
		var stopped *dial.Error
		if _, err := d.Dial(t.Context(), e); !errors.As(err, &stopped) || stopped.Phase != dial.PhaseConfig {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, bad := range map[string]func() (dial.Pin, error){
		"no certificate": func() (dial.Pin, error) { return dial.NewPin(e, nil) },
		"no TLS":         func() (dial.Pin, error) { return dial.NewPin(clear, &x509.Certificate{}) },
		"no endpoint":    func() (dial.Pin, error) { return dial.NewPin(dial.Endpoint{}, &x509.Certificate{}) },
	} {
		if p, err := bad(); err == nil || p != (dial.Pin{}) {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
}

func TestInspect(t *testing.T) {
	ca := newCA(t)
	for _, kind := range []dialtest.CertKind{dialtest.CertGood, dialtest.CertSelfSigned, dialtest.CertExpired, dialtest.CertMissingIntermediate} {
		for _, p := range []policy.Policy{policy.ImplicitTLS, policy.RequiredSTARTTLS, policy.OpportunisticSTARTTLS} {
			s := testserver.Start(t, dialtest.Config{Protocol: policy.Submission, CA: ca, Cert: kind, Implicit: p == policy.ImplicitTLS, Greeting: "554 go away"})
			if p != policy.ImplicitTLS {
				s = testserver.Start(t, dialtest.Config{Protocol: policy.Submission, CA: ca, Cert: kind})
			}
			store := &counted{Store: fixed{}}
			found := inspect(t, dial.Dialer{TLSConfig: ca.ClientConfig(), Peers: store}, s.Endpoint(p))
			var bad *tls.CertificateVerificationError
			if good := kind == dialtest.CertGood; (found.Err == nil) != good || !good && !errors.As(found.Err, &bad) {
				t.Errorf("%v %v: %v", kind, p, found.Err)
			}
			if len(found.Chain) == 0 || found.Version != tls.VersionTLS13 || found.Endpoint.Policy != p {
				t.Errorf("%v %v: %+v", kind, p, found)
			}
			pin, ok := found.Pin()
			if good := kind == dialtest.CertGood; ok == good || ok && pin != (dial.Pin{Endpoint: found.Endpoint, Key: trust.HashKey(found.Chain[0])}) {
				t.Errorf("%v %v: pin %v, %v", kind, p, pin, ok)
			}
			if store.writes != 0 {
				t.Errorf("%v %v: the memory learned", kind, p)
			}
			for _, seen := range s.Sessions() {
				if leaks := seen.Leaks("AUTH", "MAIL"); leaks != nil {
					t.Errorf("%v %v: said %q", kind, p, leaks)
				}
			}
		}
	}
}

// never is a store, a cache and a hook that must not be used.
type never struct{ t *testing.T }

func (n never) Recall(context.Context, peers.Peer) (*peers.Record, error) {
	n.t.Error("recalled")
	return nil, nil
}
func (n never) Remember(context.Context, peers.Peer, peers.Record) error {
	n.t.Error("remembered")
	return nil
}
func (n never) Get(string) (*tls.ClientSessionState, bool) {
	n.t.Error("resumed")
	return nil, false
}
func (n never) Put(string, *tls.ClientSessionState) { n.t.Error("kept for resumption") }

func (n never) downgrade(context.Context, dial.Security) error {
	n.t.Error("asked")
	return nil
}

// Inspect has no effect on a later dial, and does not fail because of settings of the
// Dialer that would fail a dial.
func TestInspectStandsAlone(t *testing.T) {
	n := never{t}
	s := testserver.Start(t, dialtest.Config{Protocol: policy.POP3, Implicit: true, Cert: dialtest.CertSelfSigned})
	clear := testserver.Start(t, dialtest.Config{Protocol: policy.POP3, NoSTARTTLS: true})
	cfg := s.ClientConfig()
	cfg.ClientSessionCache = n
	e := s.Endpoint(policy.ImplicitTLS)
	d := dial.Dialer{TLSConfig: cfg, Peers: n, OnDowngrade: n.downgrade, Pins: []dial.Pin{{Endpoint: e, Key: trust.KeyHash{1}, Exclusive: true}}}
	inspect(t, d, e)
	if _, err := d.Inspect(t.Context(), clear.Endpoint(policy.OpportunisticSTARTTLS)); !errors.Is(err, policy.ErrNotOffered) {
		t.Errorf("in the clear: %v", err)
	}
}

func TestInspectFails(t *testing.T) {
	s := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP, NoSTARTTLS: true})
	d := dial.Dialer{TLSConfig: s.ClientConfig()}
	for p, want := range map[policy.Policy]error{
		policy.RequiredSTARTTLS:      policy.ErrNotOffered,
		policy.OpportunisticSTARTTLS: policy.ErrNotOffered,
		policy.ImplicitTLS:           policy.ErrNotTLS,
		policy.NoTLS:                 nil,
		0:                            policy.ErrUnset,
	} {
		found, err := d.Inspect(t.Context(), s.Endpoint(p))
		var stopped *dial.Error
		if found != nil || !errors.As(err, &stopped) || want != nil && !errors.Is(err, want) {
			t.Errorf("%v: %v, %v", p, found, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Inspect(ended, s.Endpoint(policy.RequiredSTARTTLS)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Everything in a certificate is a claim of the server. Names is safe to show.
func TestHostileCertificate(t *testing.T) {
	i := dial.Inspection{Chain: []*x509.Certificate{{
		DNSNames:    []string{"mail.test", "\x1b[31mevil\r\n", "\u202e", strings.Repeat("x", 1<<20), "\xff"},
		IPAddresses: []net.IP{net.IPv4(192, 0, 2, 1)},
	}}}
	names := i.Names()
	if len(names) != 6 || names[0] != "mail.test" || names[5] != "192.0.2.1" {
		t.Errorf("%.100q", names)
	}
	for _, name := range names {
		if name != wire.Printable(name) {
			t.Errorf("%.100q", name)
		}
	}
	if pin, ok := (&dial.Inspection{Err: errors.New("x")}).Pin(); ok {
		t.Errorf("a pin of nothing: %v", pin)
	}
}
