package auth_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/xdg-go/scram"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/binding"
	"github.com/mailconn/mailconn/policy"
)

func TestBindingTypes(t *testing.T) {
	for version, want := range map[uint16]string{tls.VersionTLS12: "tls-unique", tls.VersionTLS13: "tls-exporter"} {
		for _, p := range protocols {
			s := &server{p: p, lists: []string{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}, play: honest}
			client, peer := net.Pipe()
			go s.serve(tls.Server(peer, serverTLS(t, version)))
			got, err := loginOver(t, client, p, &dial.Dialer{}, auth.Password{User: testUser, Secret: auth.NewSecret(testPassword), RequireBinding: true})
			if err != nil || got.Binding != want {
				t.Errorf("%s over %v: %v, %v", tls.VersionName(version), p, got, err)
			}
		}
	}
}

// Where crypto/tls refuses to export keys, as it does without the extended
// master secret, tls-unique proves nothing: what is left is the certificate.
// (Its servers always have that secret; it refuses as well to a client that
// would renegotiate.)
func TestBindingWithoutExport(t *testing.T) {
	client, peer := net.Pipe()
	go tls.Server(peer, serverTLS(t, tls.VersionTLS12)).Handshake()
	cfg := authorityConfig(t)
	cfg.Renegotiation = tls.RenegotiateOnceAsClient
	conn := tls.Client(client, cfg)
	defer client.Close()
	if err := conn.Handshake(); err != nil {
		t.Fatal(err)
	}
	state := conn.ConnectionState()
	if got := binding.Of(&state).Type; got != scram.ChannelBindingTLSServerEndpoint || len(state.TLSUnique) == 0 {
		t.Errorf("bound by %q, tls-unique of %d bytes", got, len(state.TLSUnique))
	}
}

// between is an attacker with a certificate that the client trusts, who ends its
// TLS and passes on what is said, edited.
func between(t *testing.T, client net.Conn, s *server, edit func(string) string) {
	front := tls.Server(client, serverTLS(t, 0))
	near, far := net.Pipe()
	go s.serve(tls.Server(far, serverTLS(t, 0)))
	back := tls.Client(near, authorityConfig(t))
	go func() {
		defer near.Close()
		io.Copy(back, front)
	}()
	defer front.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := back.Read(buf)
		if err != nil {
			return
		}
		if _, err := io.WriteString(front, edit(string(buf[:n]))); err != nil {
			return
		}
	}
}

func authorityConfig(t *testing.T) *tls.Config {
	c := authority(t).ClientConfig()
	c.ServerName = "mail.test"
	return c
}

// An attacker in the middle with a certificate that is trusted is caught: by the
// binding, if the list stays as it is, and by the server, which sees "y", if the
// binding mechanisms are taken from it. Without either the attack is not noticed,
// which shows that nothing else catches it.
func TestManInTheMiddle(t *testing.T) {
	same := func(s string) string { return s }
	strip := func(s string) string {
		s = strings.ReplaceAll(s, "AUTH=SCRAM-SHA-256-PLUS ", "")
		return strings.ReplaceAll(s, "SCRAM-SHA-256-PLUS ", "")
	}
	for _, c := range []struct {
		name  string
		edit  func(string) string
		creds auth.Password
		kind  auth.Kind
		tried []string
	}{
		{"found out", same, auth.Password{}, auth.KindChannelBinding, []string{"SCRAM-SHA-256-PLUS"}},
		{"binding required", same, auth.Password{RequireBinding: true}, auth.KindChannelBinding, []string{"SCRAM-SHA-256-PLUS"}},
		{"silent refusal: no plaintext", same, auth.Password{NoPlaintext: true}, auth.KindChannelBinding, []string{"SCRAM-SHA-256-PLUS"}},
		{"silent refusal: vetoed", same, auth.Password{OnUnbound: func(context.Context, *auth.Error) error { return errors.ErrUnsupported }}, auth.KindChannelBinding, []string{"SCRAM-SHA-256-PLUS"}},
		{"silent refusal: one try without, recorded", same, auth.Password{}, "", []string{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}},
		{"list stripped", strip, auth.Password{}, auth.KindChannelBinding, []string{"SCRAM-SHA-256"}},
		{"list stripped, binding required", strip, auth.Password{RequireBinding: true}, auth.KindMechanism, nil},
		{"not bound at all", strip, auth.Password{Mechanisms: []string{"SCRAM-SHA-256"}}, "", []string{"SCRAM-SHA-256"}},
	} {
		for _, p := range protocols {
			t.Run(c.name+"/"+p.String(), func(t *testing.T) {
				var tried []string
				s := &server{p: p, lists: []string{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN"}, silent: strings.HasPrefix(c.name, "silent")}
				s.play = func(x *talk, mechanism string) outcome { tried = append(tried, mechanism); return honest(x, mechanism) }
				client, peer := net.Pipe()
				go between(t, peer, s, c.edit)
				c.creds.User, c.creds.Secret = testUser, auth.NewSecret(testPassword)
				got, err := loginOver(t, client, p, &dial.Dialer{}, c.creds)
				wantOutcome(t, err, c.kind, nil)
				if !slices.Equal(tried, c.tried) {
					t.Errorf("tried %v, want %v\n%s", tried, c.tried, s.transcript())
				}
				if recorded := got.Unbound != nil; err == nil && recorded != (len(c.tried) == 2) {
					t.Errorf("recorded: %v", got)
				}
			})
		}
	}
}

// Behind a refused binding nothing that shows the password follows, and a
// verdict on the credentials is not followed by anything.
func TestAfterRefusedBinding(t *testing.T) {
	for o, want := range map[outcome][]string{
		vague: {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}, bad: {"SCRAM-SHA-256-PLUS"}, later: {"SCRAM-SHA-256-PLUS"}, hangUp: {"SCRAM-SHA-256-PLUS"},
	} {
		for _, p := range protocols {
			var tried []string
			s := &server{p: p, lists: []string{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"}}
			s.play = func(_ *talk, m string) outcome { tried = append(tried, m); return o }
			_, err := login(t, s, bySCRAM(s.lists...))
			if err == nil || !slices.Equal(tried, want) {
				t.Errorf("%v, %d: tried %v, %v", p, o, tried, err)
			}
			if o == vague {
				wantFlags(t, s, "p=", "n,,")
			}
		}
	}
}

// Where only mechanisms that show the password are left, none of them is tried.
func TestNoPasswordBehindRefusedBinding(t *testing.T) {
	for _, p := range protocols {
		for _, o := range []outcome{vague, never} {
			var tried []string
			s := &server{p: p, lists: []string{"SCRAM-SHA-256-PLUS", "PLAIN", "LOGIN"}}
			s.play = func(_ *talk, m string) outcome { tried = append(tried, m); return o }
			_, err := login(t, s, auth.Password{User: testUser, Secret: auth.NewSecret(testPassword)})
			wantOutcome(t, err, auth.KindChannelBinding, nil)
			if !slices.Equal(tried, s.lists[:1]) {
				t.Errorf("%v: tried %v", p, tried)
			}
		}
	}
}

// wantFlags looks at how the first messages of SCRAM begin.
func wantFlags(t *testing.T, s *server, want ...string) {
	t.Helper()
	var got []string
	for _, line := range strings.Split(s.transcript(), "\n") {
		f := strings.Fields(line)
		if len(f) > 2 && f[0] == "C:" && strings.Contains(line, "SCRAM-") {
			got = append(got, decode(f[len(f)-1]))
		}
	}
	ok := len(got) == len(want)
	for i := range min(len(got), len(want)) {
		ok = ok && strings.HasPrefix(got[i], want[i])
	}
	if !ok {
		t.Errorf("first messages %q, want %q", got, want)
	}
}

// The flag that the first message begins with (RFC 5802 §6).
func TestFlag(t *testing.T) {
	for _, c := range []struct {
		name  string
		lists []string
		creds auth.Password
		flag  string
	}{
		{"listed", []string{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}, auth.Password{}, "p=tls-exporter,,"},
		{"not listed", []string{"SCRAM-SHA-256"}, auth.Password{}, "y,,"},
		{"another listed, which we do not take", []string{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256"}, auth.Password{}, "n,,"},
		{"another listed, which we do not know", []string{"scram-sha3-512-plus", "SCRAM-SHA-256"}, auth.Password{}, "n,,"},
		{"not wanted", []string{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}, auth.Password{Mechanisms: []string{"SCRAM-SHA-256"}}, "n,,"},
	} {
		s := &server{p: policy.IMAP, lists: c.lists, play: func(*talk, string) outcome { return bad }}
		c.creds.User, c.creds.Secret = testUser, auth.NewSecret(testPassword)
		login(t, s, c.creds)
		wantFlags(t, s, c.flag)
	}
	on := &transport{list: []string{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}, answers: []auth.Answer{no(auth.KindCredentials)}}
	authenticate(t, on, auth.Password{User: "u", Secret: auth.NewSecret("p")})
	if len(on.log) != 1 || !strings.HasPrefix(on.log[0], "start SCRAM-SHA-256 n,,") {
		t.Errorf("nothing to bind to: %q", on.log)
	}
	if b := binding.Of(nil).Type; b != scram.ChannelBindingNone {
		t.Errorf("no TLS is bound by %q", b)
	}
}
