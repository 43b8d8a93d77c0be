package mx_test

import (
	"io"
	"net"
	"slices"
	"testing"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn/mx"
)

// lead makes an address of the world that of a server outside of it.
func (w *world) lead(ip, to string) {
	w.Listen(ip+":25", func(c net.Conn) {
		up, err := net.Dial("tcp", to)
		if err != nil {
			return
		}
		defer up.Close()
		go func() { io.Copy(up, c); up.Close() }()
		io.Copy(c, up)
	})
}

// interpose puts a man in the middle in front of a server.
func (w *world) interpose(ip string, s *dialtest.Server, a dialtest.Attack) {
	m, err := dialtest.Interpose(s.Addr(), policy.SMTP, a)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { m.Close() })
	w.lead(ip, m.Addr())
}

// What an attacker on the way achieves against each rule. The domain is signed and has TLSA
// records, or is not signed and has a policy that was fetched before the attack.
func TestManInTheMiddle(t *testing.T) {
	rules := map[string]struct {
		level mx.Level
		zone  string
	}{
		"no-tls": {mx.NoTLS, "example"}, "may": {mx.May, "example"}, "encrypt": {mx.Encrypt, "example"}, "secure": {mx.Secure, "example"},
		"dane": {mx.DANE, "signed.example"}, "dane-only": {mx.DANEOnly, "signed.example"}, "mta-sts": {mx.DANE, "example"},
	}
	const delivered, held = "accepted 1 refused 0", "not sent 4.4.1"
	for name, c := range map[string]struct {
		attack func(w *world, zone, ip string, honest *dialtest.Server)
		falls  []string // rules under which the attacker gets, or can read, the message
		goes   []string // rules under which it goes to the honest server all the same
	}{
		"nobody": {attack: func(*world, string, string, *dialtest.Server) {}, goes: []string{"no-tls", "may", "encrypt", "secure", "dane", "dane-only", "mta-sts"}},
		"strips STARTTLS": {attack: func(w *world, _, ip string, honest *dialtest.Server) { w.interpose(ip, honest, dialtest.Strip) },
			falls: []string{"no-tls", "may"}},
		"swaps the certificate": {attack: func(w *world, _, ip string, honest *dialtest.Server) {
			w.interpose(ip, honest, dialtest.SwapCertificate)
		},
			falls: []string{"no-tls", "may", "encrypt"}},
		"forges unsigned MX": {attack: func(w *world, zone, _ string, _ *dialtest.Server) {
			if zone == "example" { // what is signed cannot be forged
				w.Names.Remove("d.example")
				w.Names.Add("d.example MX 1 evil.example")
			}
		}, falls: []string{"no-tls", "may", "encrypt"}, goes: []string{"dane", "dane-only"}},
		"blocks the policy": {attack: func(w *world, zone, _ string, _ *dialtest.Server) {
			w.Names.Fail("_mta-sts.d."+zone+" TXT", "SERVFAIL")
			w.Names.Fail("mta-sts.d."+zone+" *", "SERVFAIL")
		}, goes: []string{"no-tls", "may", "encrypt", "secure", "dane", "dane-only", "mta-sts"}},
		"blocks the policy, and strips": {attack: func(w *world, zone, ip string, honest *dialtest.Server) {
			w.Names.Fail("_mta-sts.d."+zone+" TXT", "SERVFAIL")
			w.Names.Fail("mta-sts.d."+zone+" *", "SERVFAIL")
			w.interpose(ip, honest, dialtest.Strip)
		}, falls: []string{"no-tls", "may"}},
		"drops TLSA, and strips": {attack: func(w *world, zone, ip string, honest *dialtest.Server) {
			w.Names.Fail("_25._tcp.a."+zone+" TLSA", "SERVFAIL")
			w.interpose(ip, honest, dialtest.Strip)
		}, falls: []string{"no-tls", "may"}},
	} {
		for rule, r := range rules {
			w := newWorld(t)
			w.cfg.Policies = mx.PolicyDir(t.TempDir())
			cert := w.CA.Server("a."+r.zone, "d."+r.zone)
			w.Names.Add("d." + r.zone + " MX 10 a." + r.zone)
			honest := w.mail("a."+r.zone, server{cert: cert})
			const ip = "192.0.2.1" // that World.Host gives first
			evil := w.mail("evil.example", server{})
			switch rule {
			case "dane", "dane-only":
				w.pin("_25._tcp.a.signed.example", cert)
			case "mta-sts":
				w.sts("d.example", "1", enforce("a.example"))
				w.looks("d.example", "a.example tls by name [a.example]")
			}
			c.attack(w, r.zone, ip, honest)
			got, err := w.rule(r.level).send("u@d." + r.zone) // by a process that was restarted
			falls, goes := slices.Contains(c.falls, rule), slices.Contains(c.goes, rule)
			want := held
			if falls || goes {
				want = delivered
			}
			if got != want {
				t.Errorf("%s, %s: %s, want %s: %v", name, rule, got, want, err)
			}
			if n := len(evil.Messages()); n > 0 && !falls || len(honest.Messages()) > 0 && !falls && !goes {
				t.Errorf("%s, %s: delivered against the rule", name, rule)
			}
		}
	}
}
