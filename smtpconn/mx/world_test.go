package mx_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/test/fakenet"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/mx"
)

// world is a network in memory with name servers, policy hosts and mail servers. Zones
// below signed.example are signed, and the resolver is trusted.
type world struct {
	*fakenet.World
	t   testing.TB
	cfg mx.Config

	mu       sync.Mutex
	sessions []mx.Session
	servers  []*dialtest.Server
}

func newWorld(t testing.TB) *world {
	w := &world{World: fakenet.NewWorld(t), t: t}
	w.Names.Sign("signed.example")
	w.cfg = mx.Config{
		Resolver:  &dns.Resolver{Servers: []netip.AddrPort{netip.MustParseAddrPort(fakenet.Resolver)}, Dial: w.DialContext, TrustAD: true},
		Dialer:    &dial.Dialer{NetDialer: w, TLSConfig: &tls.Config{RootCAs: w.CA.Pool()}, LocalName: "client.example"},
		Transport: &http.Transport{DialContext: w.DialContext, TLSClientConfig: &tls.Config{RootCAs: w.CA.Pool()}},
		Session: func(s mx.Session) {
			if text := s.String(); len(text) > 512 || strings.ContainsAny(text, "\r\n\x00\x1b") {
				t.Errorf("%q", text)
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.sessions = append(w.sessions, s)
		},
	}
	t.Cleanup(w.AllClosed)
	return w
}

// sender makes a Sender of the config as it is now.
func (w *world) sender() *mx.Sender {
	w.t.Helper()
	s, err := mx.New(w.cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

// rule makes one rule for all domains.
func (w *world) rule(l mx.Level, names ...string) *world {
	w.cfg.Rules = map[string]mx.Rule{"": {Level: l, Names: names}}
	return w
}

// server is what a mail server is like. An empty cert is a good one for its name.
type server struct {
	cert  *tls.Config
	noTLS bool
	lacks []string
	limit int64 // of a message's size; zero means none
	rules []dialtest.Rule
}

// mail starts a mail server with an address of its own, and gives it the name.
func (w *world) mail(name string, s server) *dialtest.Server {
	w.t.Helper()
	if s.cert == nil {
		s.cert = w.CA.Server(name)
	}
	srv, err := dialtest.NewServer(dialtest.Config{Protocol: policy.SMTP, TLS: s.cert, NoSTARTTLS: s.noTLS, Without: s.lacks, MaxSize: s.limit, Rules: s.rules})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { srv.Close() })
	w.servers = append(w.servers, srv)
	w.Listen(w.Host(name)+":25", srv.Serve)
	return srv
}

// pin gives a TLSA record for the key of a certificate.
func (w *world) pin(owner string, cert *tls.Config) {
	leaf, err := x509.ParseCertificate(cert.Certificates[0].Certificate[0])
	if err != nil {
		w.t.Fatal(err)
	}
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	w.Names.Add(owner + " TLSA 3 1 1 " + hex.EncodeToString(sum[:]))
}

// sts publishes a policy of a domain.
func (w *world) sts(domain, id, text string) {
	w.Names.Add(`_mta-sts.` + domain + ` TXT "v=STSv1; id=` + id + `;"`)
	w.Site("mta-sts."+domain, document(&text))
}

// document serves a policy that may change.
func document(text *string) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprint(rw, *text)
	}
}

func enforce(hosts ...string) string { return policyText("enforce", hosts...) }

func policyText(mode string, hosts ...string) string {
	text := "version: STSv1\r\nmode: " + mode + "\r\nmax_age: 604800\r\n"
	for _, h := range hosts {
		text += "mx: " + h + "\r\n"
	}
	return text
}

// show writes a route in a line for each host.
func show(r *mx.Route, err error) string {
	var failed *mx.Error
	switch {
	case errors.As(err, &failed):
		return fmt.Sprintf("%d.%d.%d", failed.Status[0], failed.Status[1], failed.Status[2])
	case err != nil:
		return err.Error()
	}
	var lines []string
	for _, h := range r.Hosts {
		line := fmt.Sprintf("%s %v %v", h.Name, h.Demand, h.Names)
		if h.Err != nil {
			line = h.Name + " unused"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// looks fails the test if Look shows anything else.
func (w *world) looks(domain, want string) *mx.Route {
	w.t.Helper()
	r, err := w.sender().Look(w.t.Context(), domain)
	if got := show(r, err); got != want {
		w.t.Errorf("%s: got\n%s\nwant\n%s", domain, got, want)
	}
	return r
}

const text = "Subject: test\r\n\r\nhello\r\n"

// send sends a message, and returns what became of it in a word or two.
func (w *world) send(to ...string) (string, error) {
	w.t.Helper()
	return w.sendAs(smtpconn.Envelope{From: "a@sender.example", To: to})
}

func (w *world) sendAs(e smtpconn.Envelope) (string, error) {
	w.t.Helper()
	return w.sendBy(w.sender(), e)
}

func (w *world) sendBy(s *mx.Sender, e smtpconn.Envelope) (string, error) {
	w.t.Helper()
	receipt, err := s.Send(w.t.Context(), e, strings.NewReader(text))
	return w.outcome(receipt, err), err
}

// outcome holds every result to what is always true, and returns it in words.
func (w *world) outcome(receipt *smtpconn.Receipt, err error) string {
	w.t.Helper()
	if err == nil {
		return fmt.Sprintf("accepted %d refused %d", len(receipt.Accepted), len(receipt.Refused))
	}
	var failed *smtpconn.SendError
	if !errors.As(err, &failed) {
		w.t.Fatalf("%T is not a SendError", err)
	}
	if len(err.Error()) > 512 || strings.ContainsAny(err.Error(), "\r\n\x00\x1b") {
		w.t.Errorf("%q", err.Error())
	}
	word := failed.Outcome.Error()
	var domain *mx.Error
	if errors.As(err, &domain) {
		word += fmt.Sprintf(" %d.%d.%d", domain.Status[0], domain.Status[1], domain.Status[2])
		if failed.Outcome == smtpconn.NotSent && failed.Temporary() == domain.Final() {
			w.t.Errorf("%v: temporary is %v", err, failed.Temporary())
		}
	}
	return word
}

// sends fails the test if something else becomes of a message.
func (w *world) sends(want string, to ...string) error {
	w.t.Helper()
	got, err := w.send(to...)
	if got != want {
		w.t.Errorf("to %v: %s, want %s: %v", to, got, want, err)
	}
	return err
}

// tried returns the sessions that are told so far, and forgets them.
func (w *world) tried() []mx.Session {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.sessions
	w.sessions = nil
	return all
}

// mails fails the test unless the mail servers have taken so many messages in all.
func (w *world) mails(want int) {
	w.t.Helper()
	got := 0
	for _, s := range w.servers {
		got += len(s.Messages())
	}
	if got != want {
		w.t.Errorf("%d messages were taken, want %d", got, want)
	}
}

// dialled reports whether a mail server was connected to.
func (w *world) dialledMail() bool {
	return slices.ContainsFunc(w.Dialled(), func(d string) bool { return strings.HasSuffix(d, ":25") })
}
