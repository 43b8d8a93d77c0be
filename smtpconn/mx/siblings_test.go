package mx_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/mx"
)

// What lies beside the rows of TestRoute.
func TestRouteSiblings(t *testing.T) {
	var many []string
	for i := range 300 {
		many = append(many, fmt.Sprintf("d.example MX %d same.example", 300-i))
	}
	for name, c := range map[string]struct {
		zone   []string
		faults []string
		self   []string
		domain string
		want   string
	}{
		"two null MX":                 {zone: []string{"d.example MX 0 .", "d.example MX 10 .", "d.example A 192.0.2.101"}, want: "5.1.10"},
		"a null MX of preference 10":  {zone: []string{"d.example MX 10 .", "d.example A 192.0.2.101"}, want: "5.1.10"},
		"a null MX beside an address": {zone: []string{"d.example MX 0 .", "d.example MX 10 192.0.2.1"}, want: "5.4.4"},
		"a null MX behind an alias":   {zone: []string{"d.example CNAME e.example", "e.example MX 0 ."}, want: "5.1.10"},
		"a literal for an MX":         {zone: []string{"d.example MX 10 [192.0.2.1]"}, want: "5.4.4"},
		"an IPv6 address for an MX":   {zone: []string{"d.example MX 10 2001:db8::1", "d.example MX 20 a.example", "a.example A 192.0.2.101"}, want: "a.example" + may},
		"one host 300 times":          {zone: append(many, "same.example A 192.0.2.101"), want: "same.example" + may},
		"an alias of a domain with MX": {zone: []string{"d.example CNAME e.example", "e.example CNAME f.example", "f.example MX 10 a.example", "a.example A 192.0.2.101"},
			want: "a.example" + may},
		"an alias of a domain without MX": {zone: []string{"d.example CNAME e.example", "e.example A 192.0.2.101"}, want: "d.example" + may},
		"an alias of nothing":             {zone: []string{"d.example CNAME e.example"}, want: "5.1.2"},
		"a host in an alias loop": {zone: []string{"d.example MX 10 a.example", "d.example MX 20 c.example", "a.example CNAME b.example", "b.example CNAME a.example", "c.example A 192.0.2.101"},
			want: "a.example unused\nc.example" + may},
		"a host that does not exist": {zone: []string{"d.example MX 10 a.example", "d.example MX 20 c.example", "c.example A 192.0.2.101"},
			want: "a.example unused\nc.example" + may},
		"one kind of address fails": {zone: []string{"d.example MX 10 a.example", "a.example A 192.0.2.101"}, faults: []string{"a.example AAAA"}, want: "a.example" + may},
		"all hosts fail":            {zone: []string{"d.example MX 10 a.example", "d.example MX 20 b.example"}, faults: []string{"a.example *", "b.example *"}, want: "a.example unused\nb.example unused"},
		"own address without MX":    {zone: []string{"d.example A 192.0.2.101"}, self: []string{"192.0.2.101"}, want: "5.4.6"},
		"own IPv6 address": {zone: []string{"d.example MX 10 a.example", "d.example MX 20 b.example", "a.example A 192.0.2.101", "b.example AAAA 2001:db8::1"},
			self: []string{"2001:DB8::1"}, want: "a.example" + may},
		"a root's dot":              {zone: []string{"d.example MX 10 a.example", "a.example A 192.0.2.101"}, domain: "D.example.", want: "a.example" + may},
		"TLSA of 2 of 3 hosts":      {zone: []string{"d.signed.example MX 10 a.signed.example", "d.signed.example MX 20 b.signed.example", "d.signed.example MX 30 c.signed.example", "a.signed.example A 192.0.2.101", "b.signed.example A 192.0.2.102", "c.signed.example A 192.0.2.103", "_25._tcp.a.signed.example TLSA 3 1 1 " + hash, "_25._tcp.c.signed.example TLSA 3 1 1 " + hash}, domain: "d.signed.example", want: "a.signed.example tls by tlsa [a.signed.example d.signed.example]\nb.signed.example" + may + "\nc.signed.example tls by tlsa [c.signed.example d.signed.example]"},
		"an alias that is no name":  {zone: []string{"d.signed.example MX 10 a.signed.example", "a.signed.example CNAME b%c.signed.example", "b%c.signed.example A 192.0.2.101", "_25._tcp.a.signed.example TLSA 3 1 1 " + hash}, domain: "d.signed.example", want: "a.signed.example tls by tlsa [a.signed.example d.signed.example]"},
		"a domain's alias, no name": {zone: []string{"d.signed.example CNAME e%f.signed.example", "e%f.signed.example MX 10 a.signed.example", "a.signed.example A 192.0.2.101", "_25._tcp.a.signed.example TLSA 3 1 1 " + hash}, domain: "d.signed.example", want: "a.signed.example tls by tlsa [a.signed.example d.signed.example]"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Names.Add(c.zone...)
			for _, q := range c.faults {
				w.Names.Fail(q, "SERVFAIL")
			}
			w.cfg.Self = c.self
			if c.domain == "" {
				c.domain = "d.example"
			}
			w.looks(c.domain, c.want)
			if asked := w.Names.Total(); asked > 40 {
				t.Errorf("%d questions", asked)
			}
		})
	}
}

// Envelopes that cannot be delivered, and rules that contradict themselves, cost no
// question. The message is at fault, so that an outbox does not try it for days.
func TestWrongCalls(t *testing.T) {
	w := newWorld(t)
	for name, e := range map[string]smtpconn.Envelope{
		"a line in the sender":     {From: "a\r\nRSET@sender.example", To: []string{"u@d.example"}},
		"a line in the recipient":  {To: []string{"u\r\nRSET@d.example"}},
		"an address, no brackets":  {To: []string{"u@192.0.2.1"}},
		"an address with a zone":   {To: []string{"u@[IPv6:fe80::1%eth0]"}},
		"a path for a domain":      {To: []string{"u@../../etc"}},
		"a slash in a domain":      {To: []string{"u@a/b.example"}},
		"a label of 64 bytes":      {To: []string{"u@" + strings.Repeat("a", 64) + ".example"}},
		"a second domain, quoted":  {To: []string{"u@d.example", `"u@d.example"@e.example`}},
		"a bad international name": {To: []string{"u@\xff\xfe.example"}},
	} {
		got, err := w.sendAs(e)
		var failed *smtpconn.SendError
		if !errors.As(err, &failed) || failed.Outcome != smtpconn.NotSent || failed.Temporary() || !failed.MessageAtFault() || failed.Phase != smtpconn.PhaseConfig {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	if n := w.Names.Total(); n != 0 {
		t.Errorf("%d questions", n)
	}
	if _, err := mx.New(mx.Config{Rules: map[string]mx.Rule{"d.example": {Level: mx.May}, "D.example.": {Level: mx.Secure}}}); err == nil {
		t.Error("two rules for one domain")
	}
}

// What no server takes comes back with a status that says so, unless a server that could not
// be asked may take it.
func TestSendLacks(t *testing.T) {
	small := server{lacks: []string{"SMTPUTF8"}}
	for name, c := range map[string]struct {
		a, b   server
		absent bool
		want   string
	}{
		"both lack it":                 {small, small, false, "not sent 5.6.7"},
		"one lacks it, one is busy":    {small, says("greeting", "421 4.3.2 later", dialtest.EndClose), false, "not sent 4.4.1"},
		"one is busy, one lacks it":    {says("greeting", "421 4.3.2 later", dialtest.EndClose), small, false, "not sent 4.4.1"},
		"421 at RCPT, the other takes": {says("RCPT", "421 4.3.2 closing", dialtest.EndClose), server{}, false, "accepted 1 refused 0"},
		"421 at RCPT of both":          {says("RCPT", "421 4.3.2 closing", dialtest.EndClose), says("RCPT", "421 4.3.2 closing", dialtest.EndClose), false, "refused 4.3.2"},
		"421 at the end":               {says(".", "421 4.3.2 closing", dialtest.EndClose), server{}, false, "refused 4.3.2"},
	} {
		w := two(t, c.a, c.b)
		if got, err := w.send("jürgen@d.example"); got != c.want {
			t.Errorf("%s: %s, want %s: %v", name, got, c.want, err)
		}
	}
}

// A message does not come back if the context ends while there are hosts to ask, whatever
// those before them were like.
func TestSendContextBetweenHosts(t *testing.T) {
	w := two(t, server{lacks: []string{"SMTPUTF8"}}, server{})
	ctx, cancel := context.WithCancel(t.Context())
	w.cfg.Session = func(mx.Session) { cancel() }
	receipt, err := w.sender().Send(ctx, smtpconn.Envelope{To: []string{"jürgen@d.example"}}, strings.NewReader(text))
	if got := w.outcome(receipt, err); got != "not sent 4.4.1" || len(w.servers[1].Sessions()) > 0 {
		t.Errorf("%s, %v", got, err)
	}
}

// A context that is nil is an error before any I/O.
func TestNoContext(t *testing.T) {
	w := newWorld(t)
	s := w.sender()
	var none context.Context
	_, look := s.Look(none, "d.example")
	_, send := s.Send(none, smtpconn.Envelope{To: []string{"u@d.example"}}, strings.NewReader(text))
	for name, err := range map[string]error{"Look": look, "Send": send, "Refresh": s.Refresh(none), "Close": s.Close(none)} {
		if err == nil || !strings.Contains(err.Error(), "mx: nil context") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := w.Names.Total(); n != 0 {
		t.Errorf("%d questions", n)
	}
	if _, err := s.Look(t.Context(), "d.example"); errors.Is(err, mx.ErrClosed) {
		t.Error("closed without a context")
	}
}

// A policy that was kept counts also if it is as long as can be, if its domain is, and if
// the clock was wrong when it was kept.
func TestPolicyDir(t *testing.T) {
	long := strings.Repeat(strings.Repeat("a", 62)+".", 3) + strings.Repeat("b", 55) + ".example"
	var hosts []string
	for i := range 256 {
		hosts = append(hosts, fmt.Sprintf("%03d.%s.%s.%s.%s", i, strings.Repeat("x", 60), strings.Repeat("y", 60), strings.Repeat("z", 60), strings.Repeat("q", 61)))
	}
	dir := t.TempDir()
	w := newWorld(t)
	w.cfg.Policies = mx.PolicyDir(dir)
	w.Names.Add(long+" MX 10 "+hosts[255], hosts[255]+" A 192.0.2.101", "con.example MX 10 "+hosts[0], hosts[0]+" A 192.0.2.101")
	w.sts("con.example", "1", strings.ReplaceAll(enforce(hosts...), "mx: ", "mx:"))
	w.looks("con.example", hosts[0]+" tls by name ["+hosts[0]+"]")
	// The name of a policy host would be too long: such a policy is only ever read from a store.
	if err := w.cfg.Policies.Save(t.Context(), long, mx.PolicyText(&mx.Policy{ID: "1", Mode: mx.Enforce, MX: hosts, MaxAge: time.Hour, Fetched: time.Now().Add(1000 * time.Hour)})); err != nil {
		t.Fatal(err)
	}
	r := w.looks(long, hosts[255]+" tls by name ["+hosts[255]+"]")
	if r.Policy.Fetched.After(time.Now()) {
		t.Errorf("fetched %v", r.Policy.Fetched)
	}
	all, err := w.cfg.Policies.Domains(t.Context())
	if err != nil || len(all) != 2 {
		t.Errorf("%q, %v", all, err)
	}
	w.Names.Remove("_mta-sts.con.example")
	w.looks("con.example", hosts[0]+" tls by name ["+hosts[0]+"]")
	files, _ := filepath.Glob(dir + "/*")
	if left, _ := filepath.Glob(dir + "/.*"); len(files) != 2 || left != nil {
		t.Errorf("%q, %q", files, left)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || !strings.HasPrefix(filepath.Base(f), "@") || info.Size() == 0 {
			t.Errorf("%s, %v", f, err)
		}
	}
}

// slowly serves SMTP. It takes a second for each reply, and counts the messages.
func slowly(cert *tls.Config, taken *atomic.Int32) func(net.Conn) {
	return func(c net.Conn) {
		say := func(text string) { time.Sleep(time.Second); fmt.Fprint(c, text) }
		say("220 ready\r\n")
		for lines := bufio.NewReader(c); ; {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			switch strings.ToUpper(strings.Fields(line + " x")[0]) {
			case "EHLO":
				say("250-mail\r\n250 STARTTLS\r\n")
			case "STARTTLS":
				say("220 go\r\n")
				c = tls.Server(c, cert)
				lines = bufio.NewReader(c)
			case "DATA":
				say("354 go on\r\n")
				for line != ".\r\n" && err == nil {
					line, err = lines.ReadString('\n')
				}
				if err == nil {
					taken.Add(1)
				}
				say("250 ok\r\n")
			default:
				say("250 ok\r\n")
			}
		}
	}
}

// Row 69, at every step: wherever the context ends, the call returns at that moment, its
// outcome is true, and nothing is left of it.
func TestContextAtEveryStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var taken atomic.Int32
		slow := func(ctx context.Context, network, address string) (net.Conn, error) {
			select {
			case <-time.After(time.Second):
				return w.DialContext(ctx, network, address)
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
		cert := w.CA.Server("a.example")
		w.Names.Add("d.example MX 10 a.example")
		w.sts("d.example", "1", enforce("a.example"))
		w.Listen(w.Host("a.example")+":25", slowly(cert, &taken))
		w.cfg.Resolver.Dial, w.cfg.Transport.DialContext = slow, slow
		w.cfg.Dialer.NetDialer = dialer(slow)
		outcomes := map[string]int{}
		for limit := 250 * time.Millisecond; limit < 30*time.Second; limit += 500 * time.Millisecond {
			s := w.sender() // for which all has to be looked up anew
			taken.Store(0)
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			began := time.Now()
			receipt, err := s.Send(ctx, smtpconn.Envelope{To: []string{"u@d.example"}}, strings.NewReader(text))
			took := time.Since(began)
			cancel()
			outcome := w.outcome(receipt, err)
			outcomes[strings.Split(outcome, " ")[0]]++
			ended := err == nil || errors.Is(err, context.DeadlineExceeded)
			if took > limit || err != nil && took != limit || !ended {
				t.Errorf("limit %v: after %v: %v", limit, took, err)
			}
			if n := taken.Load(); err == nil && n != 1 || errors.Is(err, smtpconn.NotSent) && n != 0 || n > 1 {
				t.Errorf("limit %v: %d taken, and %v", limit, n, err)
			}
			if err := s.Close(t.Context()); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			if open := w.Open(); open != 0 {
				t.Fatalf("limit %v: %d connections are left", limit, open)
			}
		}
		if outcomes["not"] < 20 || outcomes["in"] != 2 || outcomes["accepted"] < 5 {
			t.Errorf("%v", outcomes)
		}
	})
}

// dialer is a function that is a dial.NetDialer.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return d(ctx, network, address)
}
