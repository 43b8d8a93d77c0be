package discover_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/policy"
)

func protocols() []policy.Protocol {
	return []policy.Protocol{policy.IMAP, policy.POP3, policy.Submission}
}

func policies() []policy.Policy {
	return []policy.Policy{policy.ImplicitTLS, policy.RequiredSTARTTLS}
}

func rowWildcard(t *testing.T, w *world) {
	for _, name := range []string{"imap", "mail", "pop", "pop3", "smtp", "autoconfig", "ua-auto-config"} { // a wildcard, as far as the names that are asked for go
		w.Names.Add(name + ".example.org A 192.0.2.100")
	}
	w.Names.Add("example.org A 192.0.2.100")
	w.Listen("192.0.2.100:443", func(c netConn) { w.siteOn(c, "example.org", http.NotFound) })
	for _, p := range protocols() {
		for _, how := range policies() {
			w.Mail("192.0.2.100", "wildcard", p, how, "mail.example.org", "example.org")
		}
	}
	res := w.find(nil)
	// The web server's certificate does not fit the names that do not exist: those
	// sources have failed, and a person is asked about what was guessed.
	expect(t, res, `
		read ask imaps://mail.example.org:993 guess/conventional name
		read ask imap://mail.example.org:143 guess/conventional name
		read ask pop3s://mail.example.org:995 guess/conventional name
		read ask pop3://mail.example.org:110 guess/conventional name
		send ask submissions://mail.example.org:465 guess/conventional name
		send ask submission://mail.example.org:587 guess/conventional name
		empty srv
		failed pacc
		failed autoconfig`)
	for _, line := range w.Recorded() {
		if strings.Contains(line, "joe") || strings.Contains(line, "AUTH") || strings.Contains(line, "LOGIN") {
			t.Errorf("a server heard %q", line)
		}
	}
}

// What no other source knows is guessed, and ready if all of them could be asked.
func TestGuess(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(w *world, ip string)
		want string
	}{
		"all good": {func(w *world, ip string) {
			w.Mail(ip, "imap.example.org", policy.IMAP, policy.ImplicitTLS, "imap.example.org")
			w.Mail(ip, "imap.example.org", policy.IMAP, policy.RequiredSTARTTLS, "imap.example.org")
		}, `read ready imaps://imap.example.org:993 guess/conventional name
			read ready imap://imap.example.org:143 guess/conventional name
			empty pacc
			empty srv
			empty autoconfig`},
		"STARTTLS only": {func(w *world, ip string) {
			w.Mail(ip, "imap.example.org", policy.IMAP, policy.RequiredSTARTTLS, "imap.example.org")
		},
			`read ready imap://imap.example.org:143 guess/conventional name
			empty pacc
			empty srv
			empty autoconfig`},
		"wrong certificate": {func(w *world, ip string) {
			w.Mail(ip, "imap.example.org", policy.IMAP, policy.ImplicitTLS, "hoster.net")
		},
			`empty pacc
			empty srv
			empty autoconfig
			failed guess
			failed guess`},
		"another protocol": {func(w *world, ip string) {
			w.Mail(ip, "imap.example.org", policy.IMAP, policy.ImplicitTLS, "imap.example.org")
			w.Mail(ip, "x", policy.POP3, policy.ImplicitTLS, "imap.example.org")
		},
			`read ready imaps://imap.example.org:993 guess/conventional name
			empty pacc
			empty srv
			empty autoconfig`},
		"speaks SMTP on IMAP's port": {func(w *world, ip string) {
			w.Listen(ip+":993", mailOn(w, policy.Submission, "imap.example.org"))
		}, `empty pacc
			empty srv
			empty autoconfig
			failed guess
			failed guess`},
		"drops packets": {func(w *world, ip string) { w.Listen(ip+":993", nil) },
			`empty pacc
			empty srv
			empty autoconfig
			failed guess
			failed guess`},
	} {
		in(t, func(t *testing.T, w *world) {
			c.set(w, w.Host("imap.example.org"))
			t.Log(name)
			expect(t, w.find(nil), c.want)
		})
	}
}

// Where no source could be asked, nothing is guessed: the DNS does not answer.
func TestNoGuessOffline(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.Names.Fail("* *", "silent")
		start := time.Now()
		res := w.find(nil)
		if took := time.Since(start); took != 5*time.Second || failure(res, discover.Guess) != nil || res.NoDomain || res.Empty != nil {
			t.Errorf("%s after %v", show(res), took)
		}
		var failed *dns.Error
		if err := failure(res, discover.SRV); !errors.As(err, &failed) || !strings.HasSuffix(err.Error(), "no answer in 5s") {
			t.Error(err)
		}
	})
}

// A use for which something was found is not guessed about.
func TestNoGuess(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		ip := w.Host("imap.example.org")
		w.Names.Add("smtp.example.org A " + ip)
		for _, p := range protocols() {
			w.Mail(ip, "guessed", p, policy.ImplicitTLS, "imap.example.org", "smtp.example.org")
		}
		w.Names.Add("_imaps._tcp.example.org SRV 0 1 993 imap.hoster.net.")
		expect(t, w.find(nil), `
			read ask imaps://imap.hoster.net:993 srv/unsigned DNS
			send ready submissions://smtp.example.org:465 guess/conventional name
			empty pacc
			empty autoconfig`)
	})
}
