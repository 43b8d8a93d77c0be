package interop

import (
	"context"
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/internal/test/sessions"
	"github.com/mailconn/mailconn/policy"
)

// attacks are the rows of testdata/attacks.txt: ATTACK/POLICY.
var attacks = map[string]dialtest.Attack{
	"honest": dialtest.Honest, "strip": dialtest.Strip, "refuse": dialtest.Refuse,
	"inject": dialtest.Inject, "inject-partial": dialtest.InjectPartial, "stall": dialtest.Stall,
	"cut": dialtest.Cut, "swap-certificate": dialtest.SwapCertificate, "plain-on-tls-port": dialtest.PlainOnTLSPort,
}

var policies = map[string]policy.Policy{
	"implicit": policy.ImplicitTLS, "opportunistic": policy.OpportunisticSTARTTLS, "required": policy.RequiredSTARTTLS,
}

// TestAttacks puts a man in the middle before each server, and has a client
// log in.
func TestAttacks(t *testing.T) {
	want := readGrid(t, filepath.Join("testdata", "attacks.txt"))
	for _, column := range want.columns {
		t.Run(column, func(t *testing.T) {
			t.Parallel()
			name, protocol, _ := strings.Cut(column, "-")
			var p policy.Protocol
			if err := p.UnmarshalText([]byte(protocol)); err != nil {
				t.Fatal(err)
			}
			lab := servers.New(t)
			server := starts[name](lab)
			for _, row := range want.rows {
				attack, pol, _ := strings.Cut(row, "/")
				upstream := find(server, p, policies[pol], servers.Good)
				want.compare(t, row, column, attacked(t, lab, upstream, p, policies[pol], attacks[attack]))
			}
		})
	}
}

// attacked returns what comes of one attack, and looks for the password in what
// the man in the middle saw.
func attacked(t *testing.T, l *servers.Lab, upstream string, p policy.Protocol, pol policy.Policy, a dialtest.Attack) string {
	t.Helper()
	mitm := must(dialtest.Interpose(upstream, p, a))(t)
	defer mitm.Close()
	d := dialer(l, mitm.Addr(), false)
	if a == dialtest.Stall {
		d.Timeout = 2 * time.Second // the time that it takes is the test
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := d.Dial(ctx, endpoint(p, pol))
	if err != nil {
		leaks(t, mitm, a)
		return word(err)
	}
	cred := credentials("PLAIN")
	s, err := sessions.New(ctx, conn, cred)
	defer leaks(t, mitm, a)
	if err != nil {
		return channel(conn.Security()) + "+" + word(err)
	}
	defer sessions.Quit(ctx, s)
	return channel(s.Security())
}

// leaks fails if the man in the middle saw the name or the password, as they
// are or as PLAIN sends them.
func leaks(t *testing.T, mitm *dialtest.MITM, a dialtest.Attack) {
	t.Helper()
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + servers.Alice + "\x00" + servers.Secret))
	for _, s := range mitm.Sessions() {
		if found := s.Leaks(servers.Alice, servers.Secret, plain); found != nil {
			t.Errorf("%v: sent in the clear: %q", a, found)
		}
	}
}
