// Package attacks_test plays every hostile server of internal/test/script against
// the library, under every policy and in several segmentations, and looks at
// what the caller got and at what the server saw.
package attacks_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/smtpconn"
)

// Canaries: what must not be seen in the clear.
const (
	canaryUser     = "canary-user@mail.test"
	canaryPassword = "canary-password"
	canaryFrom     = "canary-from@mail.test"
	canaryTo       = "canary-to@mail.test"
	canarySubject  = "canary-subject"
	canaryBody     = "canary-body"
)

func canaries() []string {
	return []string{canaryUser, canaryPassword, canaryFrom, canaryTo, canarySubject, canaryBody}
}

func policies() []policy.Policy {
	return []policy.Policy{policy.NoTLS, policy.ImplicitTLS, policy.OpportunisticSTARTTLS, policy.RequiredSTARTTLS}
}

func TestAttacks(t *testing.T) {
	cases, err := script.Cases()
	if err != nil {
		t.Fatal(err)
	}
	ca, err := dialtest.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	stage := newStage(t, ca)
	elsewhere, pending := 0, 0
	results := tally{}
	for _, c := range cases {
		switch {
		case c.Pending != "":
			pending++
			continue
		case c.Elsewhere != "":
			elsewhere++
			checkExists(t, c)
			continue
		case len(c.Expect) == 0:
			t.Errorf("%s: nothing is expected of it", c.Name)
		}
		count := results.of(c.Name)
		count.cases++
		t.Run(c.Name, func(t *testing.T) {
			for _, p := range policies() {
				if want, ok := c.Expect[p]; ok {
					play(t, c, p, want, c.Session(p), stage, count)
				}
			}
		})
	}
	t.Log(results)
	total := &counts{}
	for _, c := range results {
		total.join(c)
	}
	t.Logf("%d cases: %d played, %d times in all; %d shown by other tests, %d pending",
		len(cases), total.cases, total.plays(), elsewhere, pending)
	if total.cases < 300 || total.plays() < 3000 {
		t.Error("hardly any cases: are the files there?")
	}
}

// checkExists looks for the test that a case names.
func checkExists(t *testing.T, c *script.Case) {
	t.Helper()
	dir, name, _ := strings.Cut(c.Elsewhere, " ")
	files, err := filepath.Glob(filepath.Join("..", "..", "..", dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), "func "+name+"(") {
			return
		}
	}
	t.Errorf("%s: there is no %s in %s", c.Name, name, dir)
}

// play plays a case in every segmentation, for a dial and for a session.
func play(t *testing.T, c *script.Case, p policy.Policy, dialled, session script.Outcome, st *stage, count *counts) {
	for _, segments := range c.Segmentations() {
		for kind, want := range map[string]script.Outcome{"dial": dialled, "session": session} {
			name := fmt.Sprintf("%v/%v/%s", p, segments, kind)
			run := func(t *testing.T) {
				a := &attempt{Case: c, policy: p, session: kind == "session", stage: st, segments: segments}
				got, rec := a.connect(t)
				count.add(got)
				check(t, want, got)
				if a.worked != nil {
					t.Errorf("the session did not work: %v", a.worked)
				}
				checkWire(t, p, rec)
			}
			if c.Resets() {
				t.Run(name, run)
			} else {
				t.Run(name, func(t *testing.T) { synctest.Test(t, run) })
			}
		}
	}
}

// stage is what all plays have in common.
type stage struct {
	ca     *dialtest.CA
	honest map[policy.Protocol]*script.Case
	certs  map[string]*tls.Config
}

func newStage(t *testing.T, ca *dialtest.CA) *stage {
	st := &stage{ca: ca, honest: map[policy.Protocol]*script.Case{}, certs: map[string]*tls.Config{}}
	for _, p := range []policy.Protocol{policy.IMAP, policy.POP3, policy.Submission} {
		c, err := script.Honest(p)
		if err != nil {
			t.Fatal(err)
		}
		st.honest[p] = c
	}
	kinds := map[string]dialtest.CertKind{
		"good": dialtest.CertGood, "expired": dialtest.CertExpired, "not-yet": dialtest.CertNotYetValid,
		"wrong-host": dialtest.CertWrongHost, "self-signed": dialtest.CertSelfSigned,
		"unknown-ca": dialtest.CertUnknownCA, "missing-intermediate": dialtest.CertMissingIntermediate,
		"cn-only": dialtest.CertCNOnly, "client-only": dialtest.CertClientOnly,
	}
	for name, kind := range kinds {
		cert, err := ca.Certificate(kind)
		if err != nil {
			t.Fatal(err)
		}
		st.certs[name] = &tls.Config{Certificates: []tls.Certificate{cert}}
	}
	good := func(change func(*tls.Config)) *tls.Config {
		cfg := st.certs["good"].Clone()
		change(cfg)
		return cfg
	}
	st.certs["tls11"] = good(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 })
	st.certs["tls12"] = good(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 })
	st.certs["alpn-http"] = good(func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} })
	st.certs["client-cert"] = good(func(c *tls.Config) { c.ClientAuth = tls.RequireAndVerifyClientCert })
	st.certs["client-cert-12"] = good(func(c *tls.Config) {
		c.ClientAuth, c.MaxVersion = tls.RequireAndVerifyClientCert, tls.VersionTLS12
	})
	return st
}

func (st *stage) config(kind string) (*tls.Config, error) {
	if c, ok := st.certs[kind]; ok {
		return c, nil
	}
	return nil, fmt.Errorf("no certificate %q", kind)
}

// attempt is one play.
type attempt struct {
	*script.Case
	policy   policy.Policy
	session  bool
	stage    *stage
	segments script.Segments
	worked   error // what came of the one thing that a session did
}

// result is what the caller got.
type result struct {
	security dial.Security
	caps     []string
	greeting string
	err      error
}

func (a *attempt) connect(t *testing.T) (result, *script.Record) {
	client, server := a.pipe(t)
	record := make(chan *script.Record, 1)
	go func() {
		record <- a.Serve(server(), a.policy, script.Stage{Config: a.stage.config, Honest: a.stage.honest[a.Protocol], Segments: a.segments})
	}()
	res := a.connectOver(t, client)
	return res, <-record
}

// connectOver dials over a given connection, and logs in if that is wanted.
func (a *attempt) connectOver(t *testing.T, client net.Conn) result {
	ep := dial.Endpoint{Protocol: a.Protocol, Host: "mail.test", Policy: a.policy}
	var transcript bytes.Buffer
	d := &dial.Dialer{TLSConfig: a.stage.ca.ClientConfig(), Transcript: &transcript}
	defer func() { checkTranscript(t, transcript.String()) }()
	conn, err := d.NewConn(t.Context(), client, ep)
	if err != nil {
		return result{err: err}
	}
	res := result{security: conn.Security(), caps: conn.Capabilities(), greeting: conn.Greeting()}
	if a.session {
		res.err = a.newSession(t.Context(), conn)
	} else {
		conn.Close()
	}
	return res
}

// pipe returns the client's end of a connection, and a function for the
// server's.
func (a *attempt) pipe(t *testing.T) (net.Conn, func() net.Conn) {
	if !a.Resets() {
		c, s := net.Pipe()
		return c, func() net.Conn { return s }
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return c, func() net.Conn { return s }
}

// newSession logs in on conn, does one thing, and leaves.
func (a *attempt) newSession(ctx context.Context, conn *dial.Conn) error {
	creds := auth.Password{User: canaryUser, Secret: auth.NewSecret(canaryPassword)}
	switch a.Protocol {
	case policy.IMAP:
		c, err := imapconn.New(ctx, conn, &imapconn.Options{Auth: creds})
		if err != nil {
			return err
		}
		defer c.Close()
		a.worked = c.Noop().Wait()
	case policy.POP3:
		c, err := pop3conn.New(ctx, conn, &pop3conn.Options{Auth: creds})
		if err != nil {
			return err
		}
		defer c.Close()
		a.worked = c.Noop(ctx)
	default:
		c, err := smtpconn.New(ctx, conn, &smtpconn.Options{Auth: creds})
		if err != nil {
			return err
		}
		defer c.Close()
		a.worked = c.SendMail(canaryFrom, []string{canaryTo}, strings.NewReader("Subject: "+canarySubject+"\r\n\r\n"+canaryBody+"\r\n"))
	}
	return nil
}

// checkWire looks at what the server saw.
func checkWire(t *testing.T, p policy.Policy, rec *script.Record) {
	t.Helper()
	for _, line := range rec.Unexpected {
		t.Errorf("client said more than it should have: %q", line)
	}
	checkSecrets(t, p, rec)
}

// checkSecrets looks at what the server saw in the clear.
func checkSecrets(t *testing.T, p policy.Policy, rec *script.Record) {
	t.Helper()
	clear := string(rec.Clear)
	for _, secret := range canaries() {
		for _, form := range forms(secret) {
			if strings.Contains(clear, form) {
				t.Errorf("%q in the clear: %q", form, clear)
			}
		}
	}
	if p == policy.ImplicitTLS && clear != "" {
		t.Errorf("implicit TLS, and said in the clear: %q", clear)
	}
	if !p.STARTTLS() {
		return
	}
	for line := range strings.Lines(clear) {
		if !harmless(line) {
			t.Errorf("said in the clear: %q", line)
		}
	}
}

// checkTranscript looks at what would be shown to a stranger: there is something, every
// line of it is printable, and neither the password nor the content of a message is in
// it.
func checkTranscript(t *testing.T, text string) {
	t.Helper()
	if !strings.Contains(text, " -- ") {
		t.Errorf("no transcript: %q", text)
	}
	for _, secret := range []string{canaryPassword, canarySubject, canaryBody} {
		for _, form := range forms(secret) {
			if strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
				t.Errorf("%q is in the transcript:\n%s", form, text)
			}
		}
	}
	for line := range strings.Lines(text) {
		const prefix = "000000 00:00:00.000 C: "
		if text := strings.TrimSuffix(line, "\n")[len(prefix):]; text != wire.Printable(text) {
			t.Errorf("not printable: %q", line)
		}
	}
}

// forms returns a secret and its base64 at each alignment.
func forms(secret string) []string {
	list := []string{secret}
	for i := range 3 {
		enc := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", i) + secret))
		list = append(list, enc[i*4/3+1:len(enc)-4])
	}
	return list
}

// harmless reports whether a line may be said before TLS.
func harmless(line string) bool {
	for _, word := range strings.Fields(line) {
		switch strings.ToUpper(word) {
		case "EHLO", "HELO", "CAPABILITY", "CAPA", "STARTTLS", "STLS", "NOOP", "QUIT", "LOGOUT":
			return true
		}
	}
	return false
}
