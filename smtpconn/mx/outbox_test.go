package mx_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/mx"
	"github.com/mailconn/mailconn/smtpconn/outbox"
)

var _ outbox.Relay = (*mx.Sender)(nil)

// What an outbox makes of a Sender's errors: what time mends is sent again until it gets
// there, what it does not mend comes back at once, and what is in doubt is held.
func TestOutbox(t *testing.T) {
	w := newWorld(t)
	cert := w.CA.Server("a.signed.example")
	w.Names.Add("good.signed.example MX 10 a.signed.example", "null.example MX 0 .", "plain.example MX 10 p.example", "lacks.signed.example MX 10 l.signed.example", "held.signed.example MX 10 a.signed.example", "doubt.example MX 10 b.example")
	w.Names.Fail("held.signed.example MX", "SERVFAIL")
	srv := w.mail("a.signed.example", server{cert: cert})
	w.mail("l.signed.example", server{cert: cert, lacks: []string{"REQUIRETLS"}})
	w.mail("p.example", server{})
	w.mail("b.example", server{rules: []dialtest.Rule{{At: ".", Bytes: -1, End: dialtest.EndClose}}})
	w.pin("_25._tcp.a.signed.example", cert)
	w.pin("_25._tcp.l.signed.example", cert)

	ends, doubts := make(chan outbox.Result), make(chan outbox.Result)
	box, err := outbox.Open(t.Context(), filepath.Join(t.TempDir(), "outbox"), outbox.Config{
		Relays: []outbox.Relay{w.sender()}, RetryDelay: 10 * time.Millisecond, MaxRetryDelay: 10 * time.Millisecond,
		Result: func(_ context.Context, r outbox.Result) error { ends <- r; return nil },
		Doubt:  func(_ context.Context, r outbox.Result) { doubts <- r },
	})
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, requireTLS bool) {
		e := smtpconn.Envelope{From: "joe@sender.example", To: []string{"u@" + name}, Mail: &smtp.MailOptions{RequireTLS: requireTLS}}
		if err := box.Put(t.Context(), name, e, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	put("held.signed.example", false)
	for name, want := range map[string]string{
		"good.signed.example": "", "null.example": "5.1.10", "plain.example": "5.7.30", "lacks.signed.example": "5.7.30",
	} {
		put(name, want == "5.7.30")
		if end := <-ends; end.ID != name || (end.Err == nil) != (want == "") || want != "" && !strings.Contains(end.Err.Error(), want) {
			t.Errorf("%s: %s, %v", name, end.ID, end.Err)
		}
	}
	put("doubt.example", false)
	if d := <-doubts; d.ID != "doubt.example" {
		t.Errorf("in doubt: %v", d)
	}
	w.Names.Fail("held.signed.example MX", "")
	if end := <-ends; end.ID != "held.signed.example" || end.Err != nil {
		t.Errorf("held: %+v", end)
	}
	if n := len(srv.Messages()); n != 2 {
		t.Errorf("%d arrived", n)
	}
	if err := box.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// A message to recipients of several domains is sent to each. A domain that cannot be one
// costs only its own recipients.
func TestOutboxOfSeveralDomains(t *testing.T) {
	w := newWorld(t)
	w.Names.Add("one.example MX 10 a.example", "two.example MX 10 b.example")
	one, two := w.mail("a.example", server{}), w.mail("b.example", server{})
	ends := make(chan outbox.Result, 4)
	box, err := outbox.Open(t.Context(), filepath.Join(t.TempDir(), "outbox"), outbox.Config{
		Relays: []outbox.Relay{w.sender()}, RetryDelay: time.Hour,
		Result: func(_ context.Context, r outbox.Result) error { ends <- r; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	e := smtpconn.Envelope{From: "joe@sender.example", To: []string{"ann@one.example", "bob@two.example", "cyd@ONE.example", "dan@192.0.2.1"}}
	if err := box.Put(t.Context(), "m1", e, strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	for range e.To {
		if end := <-ends; (end.Err != nil) != (end.Recipient == "dan@192.0.2.1") {
			t.Errorf("%+v", end)
		}
	}
	if a, b := one.Messages(), two.Messages(); len(a) != 1 || len(a[0].To) != 2 || len(b) != 1 {
		t.Errorf("%d and %d messages", len(a), len(b))
	}
	if err := box.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
