package auth_test

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/memstore"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// A server that offers no login is an error, unless the credentials say that it
// is in order. One that offers a login of any kind is never gone on with.
func TestIfOffered(t *testing.T) {
	me := auth.Password{User: "u", Secret: auth.NewSecret(canary)}
	optional := me
	optional.IfOffered = true
	for _, c := range []struct {
		name  string
		creds auth.Password
		on    transport
		login dial.Login
		kind  auth.Kind
	}{
		{"nothing is offered", me, transport{}, dial.Login{}, auth.KindMechanism},
		{"nothing is offered, which is in order", optional, transport{}, dial.Login{NotOffered: true}, ""},
		{"a login is offered", optional, transport{list: []string{"PLAIN"}, answers: []auth.Answer{yes}}, dial.Login{Mechanism: "PLAIN"}, ""},
		{"a login is offered, and refused", optional, transport{list: []string{"PLAIN"}, answers: []auth.Answer{no(auth.KindCredentials)}}, dial.Login{}, auth.KindCredentials},
		{"another login is offered", optional, transport{list: []string{"GSSAPI"}}, dial.Login{}, auth.KindMechanism},
		{"the protocol's own is offered", optional, transport{own: "USER/PASS", answers: []auth.Answer{yes}}, dial.Login{Mechanism: "USER/PASS"}, ""},
	} {
		login, err := authenticate(t, &c.on, c.creds)
		if login != c.login || (err == nil) != (c.kind == "") || c.kind != "" && !errors.Is(err, c.kind) {
			t.Errorf("%s: %+v, %v", c.name, login, err)
		}
	}
}

// The same through a session, whose Security tells it.
func TestIfOfferedIsShown(t *testing.T) {
	creds := auth.Password{User: testUser, Secret: auth.NewSecret(testPassword), IfOffered: true}
	s := &server{p: policy.Submission, silentList: true, play: honest}
	var tried []dial.Login
	d := &dial.Dialer{Trace: &dial.Trace{LoginTried: func(_ dial.Endpoint, l dial.Login, err error) {
		if err != nil {
			t.Error(err)
		}
		tried = append(tried, l)
	}}}
	got, security, err := loginShown(t, s, d, creds)
	if err != nil || !got.NotOffered || !slices.Equal(tried, []dial.Login{got}) {
		t.Errorf("%+v, %v, traced %v", got, err, tried)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "s", security)
	if !strings.Contains(security.String(), "offers no login") || !strings.Contains(log.String(), `s.login="none offered"`) {
		t.Errorf("%v\n%s", security, log.String())
	}
	if strings.Contains(s.transcript(), "AUTH") {
		t.Error(s.transcript())
	}
	creds.IfOffered = false
	if _, _, err := loginShown(t, s, d, creds); !errors.Is(err, auth.KindMechanism) {
		t.Error(err)
	}
}

// A session of IMAP that goes on without a login is not authenticated.
func TestIfOfferedOverIMAP(t *testing.T) {
	client, peer := net.Pipe()
	go (&server{p: policy.IMAP, noLogin: true}).serve(tls.Server(peer, serverTLS(t, 0)))
	conn := connect(t, client, policy.IMAP, &dial.Dialer{})
	c, err := imapconn.New(t.Context(), conn, &imapconn.Options{Auth: auth.Password{User: testUser, Secret: auth.NewSecret(testPassword), IfOffered: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Abort()
	if c.State() != imap.ConnStateNotAuthenticated || !c.Security().Login.NotOffered {
		t.Errorf("state %v, login %v", c.State(), c.Security().Login)
	}
}

// A server that is remembered with SCRAM, and held to it, does not get away with
// offering nothing.
func TestIfOfferedIsHeld(t *testing.T) {
	creds := auth.Password{User: testUser, Secret: auth.NewSecret(testPassword), IfOffered: true}
	d := &dial.Dialer{Peers: new(memstore.Store), PeerRules: peers.Rules{HoldAuth: true}}
	s := &server{p: policy.Submission, lists: []string{"SCRAM-SHA-256"}, play: honest}
	if _, err := loginBy(t, s, d, creds); err != nil {
		t.Fatal(err)
	}
	s = &server{p: policy.Submission, silentList: true}
	if _, err := loginBy(t, s, d, creds); !errors.Is(err, auth.KindMechanism) {
		t.Error(err)
	}
}

// An identity to act as goes with the mechanisms that have a place for it, and no
// other is used.
func TestIdentity(t *testing.T) {
	password := func(mechanisms ...string) auth.Password {
		return auth.Password{User: "u", Identity: "boss", Secret: auth.NewSecret("p"), Mechanisms: mechanisms}
	}
	all := []string{"LOGIN", "CRAM-MD5", "PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "EXTERNAL"}
	external := auth.SASL{Start: func() (sasl.Client, error) { return sasl.NewExternalClient("boss"), nil }}
	for _, c := range []struct {
		name  string
		creds auth.Credentials
		lists []string
		begin string // of what is sent
	}{
		{"PLAIN", password("PLAIN"), all, "start PLAIN boss\x00u\x00p"},
		{"SCRAM", password(), all, "start SCRAM-SHA-256 n,a=boss,n=u,r="},
		{"EXTERNAL", auth.External{Identity: "boss"}, all, "start EXTERNAL boss"},
		{"EXTERNAL of go-sasl", external, all, "start EXTERNAL boss"},
		{"not LOGIN", password("LOGIN", "CRAM-MD5", "USER/PASS", "PLAIN"), []string{"LOGIN", "CRAM-MD5"}, ""},
	} {
		on := &transport{list: c.lists, own: "USER/PASS", answers: []auth.Answer{no(auth.KindCredentials)}}
		authenticate(t, on, c.creds)
		if log := strings.Join(on.log, "|"); !strings.HasPrefix(log, c.begin) || c.begin == "" && log != "" {
			t.Errorf("%s: sent %q, want %q", c.name, log, c.begin)
		}
	}
	if auth.Check(password("LOGIN")) == nil {
		t.Error("an identity that cannot be sent")
	}
	for _, creds := range []auth.Credentials{auth.Password{User: "u", Identity: "a\x00b", Secret: auth.NewSecret("p")}, auth.External{Identity: "a\r\nb"}} {
		if auth.Check(creds) == nil {
			t.Errorf("%T: an identity of two lines", creds)
		}
	}
}
