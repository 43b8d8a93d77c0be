package dial_test

import (
	"crypto/tls"
	"errors"
	"slices"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

func imaps(host string) dial.Endpoint {
	return dial.Endpoint{Protocol: policy.IMAP, Host: host, Port: 993, Policy: policy.ImplicitTLS}
}

func TestTLSConfigRefuses(t *testing.T) {
	for name, c := range map[string]*tls.Config{
		"MinVersion 1.0":      {MinVersion: tls.VersionTLS10},
		"MinVersion 1.1":      {MinVersion: tls.VersionTLS11},
		"MaxVersion 1.1":      {MaxVersion: tls.VersionTLS11},
		"Max below Min":       {MinVersion: tls.VersionTLS13, MaxVersion: tls.VersionTLS12},
		"renegotiation once":  {Renegotiation: tls.RenegotiateOnceAsClient},
		"renegotiation often": {Renegotiation: tls.RenegotiateFreelyAsClient},
		"RC4":                 {CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_RC4_128_SHA}},
		"3DES":                {CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA}},
	} {
		d := dial.Dialer{TLSConfig: c, NetDialer: noDial{t}}
		_, err := d.Dial(t.Context(), imaps("h"))
		var de *dial.Error
		if !errors.As(err, &de) || de.Phase != dial.PhaseConfig {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTLSConfigIsACopy(t *testing.T) {
	base := &tls.Config{NextProtos: []string{"h2"}, ServerName: "other.test"}
	cfg, err := dial.TLSConfig(base, imaps("h"))
	if err != nil {
		t.Fatal(err)
	}
	if base.MinVersion != 0 || base.NextProtos[0] != "h2" || base.VerifyConnection != nil {
		t.Errorf("the caller's config was changed: %+v", base)
	}
	if cfg.ServerName != "other.test" || cfg.MinVersion != tls.VersionTLS12 || cfg.ClientSessionCache != nil || cfg.InsecureSkipVerify {
		t.Errorf("%+v", cfg)
	}
	if cfg, _ := dial.TLSConfig(&tls.Config{MinVersion: tls.VersionTLS13}, imaps("h")); cfg.MinVersion != tls.VersionTLS13 {
		t.Errorf("MinVersion lowered to %x", cfg.MinVersion)
	}
}

func TestServerNameAndALPN(t *testing.T) {
	for host, want := range map[string]string{"h": "h", "192.0.2.1": "192.0.2.1", "::1": "::1", "fe80::1%eth0": "fe80::1"} {
		if cfg, err := dial.TLSConfig(nil, imaps(host)); err != nil || cfg.ServerName != want {
			t.Errorf("%s: %q, %v", host, cfg.ServerName, err)
		}
	}
	for p, want := range map[policy.Protocol][]string{policy.IMAP: {"imap"}, policy.POP3: {"pop3"}, policy.Submission: nil, policy.SMTP: nil} {
		e := imaps("h")
		e.Protocol = p
		if cfg, _ := dial.TLSConfig(nil, e); !slices.Equal(cfg.NextProtos, want) {
			t.Errorf("%v: %q", p, cfg.NextProtos)
		}
	}
}

// keys is a session cache that records its keys.
type keys map[string]bool

func (k keys) Get(key string) (*tls.ClientSessionState, bool) { k[key] = true; return nil, false }
func (k keys) Put(key string, _ *tls.ClientSessionState)      { k[key] = true }

func TestSessionsStayApart(t *testing.T) {
	used := keys{}
	endpoints := []dial.Endpoint{imaps("h"), imaps("i")}
	for _, change := range []func(*dial.Endpoint){
		func(e *dial.Endpoint) { e.Port = 994 },
		func(e *dial.Endpoint) { e.Protocol = policy.POP3 },
		func(e *dial.Endpoint) { e.Policy = policy.RequiredSTARTTLS },
		func(e *dial.Endpoint) { e.Policy = policy.OpportunisticSTARTTLS },
	} {
		e := imaps("h")
		change(&e)
		endpoints = append(endpoints, e)
	}
	for _, e := range endpoints {
		cfg, err := dial.TLSConfig(&tls.Config{ClientSessionCache: used}, e)
		if err != nil {
			t.Fatal(err)
		}
		cfg.ClientSessionCache.Put("name", nil)
		cfg.ClientSessionCache.Get("name")
	}
	if len(used) != len(endpoints) || used["name"] {
		t.Errorf("%d endpoints share %d keys: %v", len(endpoints), len(used), used)
	}
}

func TestVerifyConnectionOfTheCaller(t *testing.T) {
	no := errors.New("no")
	cfg, err := dial.TLSConfig(&tls.Config{VerifyConnection: func(tls.ConnectionState) error { return no }}, imaps("h"))
	if err != nil || cfg.VerifyConnection(tls.ConnectionState{}) != no {
		t.Errorf("the caller's check is lost: %v", err)
	}
}

// A server that refuses the protocol's name in the handshake is reached without it,
// and what was negotiated is on the connection.
func TestNoALPN(t *testing.T) {
	server := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP, Implicit: true})
	for _, without := range []bool{false, true} {
		d := dial.Dialer{TLSConfig: server.ClientConfig(), NoALPN: without}
		conn, err := d.Dial(t.Context(), server.Endpoint(policy.ImplicitTLS))
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		if got := conn.Security().TLS.NegotiatedProtocol; (got == "") != without {
			t.Errorf("NoALPN %v: negotiated %q", without, got)
		}
	}
}
