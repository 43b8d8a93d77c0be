package smtpconn_test

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/test/lineends"
	"github.com/mailconn/mailconn/smtpconn"
)

// fragments are what content that smuggles is made of.
var fragments = []string{"\r", "\n", ".", "\r\n", "x"}

// smuggling returns every text of n fragments.
func smuggling(n int) []string {
	if n == 0 {
		return []string{""}
	}
	var list []string
	for _, head := range smuggling(n - 1) {
		for _, f := range fragments {
			list = append(list, head+f)
		}
	}
	return list
}

// Content with a bare CR or LF is refused, or mended if that was asked for;
// all other content arrives byte by byte, and no line end but CRLF is on the wire.
func TestSmuggling(t *testing.T) {
	pad := strings.Repeat("0123456789abc\r\n", 1500) // more than is looked at ahead
	for _, way := range []struct {
		name       string
		extensions []string
		pad        string
		n          int
	}{{"DATA", []string{"PIPELINING"}, "", 4}, {"DATA, long", []string{"PIPELINING"}, pad, 3}, {"DATA, CHUNKING listed", all, pad, 3}} {
		for _, normalize := range []bool{false, true} {
			r := with(way.extensions...)
			c, hangUp := dialRelay(t, r, nil)
			for _, text := range smuggling(way.n) {
				text = way.pad + "a" + text
				bare := lineends.FirstBare(text) >= 0
				e := envelope()
				e.NormalizeLines = normalize
				n := len(r.took())
				_, err := c.Send(t.Context(), e, iotest.HalfReader(strings.NewReader(text)))
				switch took := r.took(); {
				case bare && !normalize:
					if !errors.Is(err, smtpconn.ErrLineEnds) || asResult(nil, err).err.Outcome != smtpconn.NotSent || len(took) != n {
						t.Fatalf("%s: %q: %v", way.name, text, err)
					}
				case err != nil || len(took) != n+1 || took[n].body != lineends.Mended(text):
					t.Fatalf("%s: %q: %v, arrived %q", way.name, text, err, took[n:])
				}
				if c.Err() != nil || err != nil && way.pad != "" { // found late: the connection was closed
					checkWire(t, r)
					hangUp()
					r = with(way.extensions...)
					c, hangUp = dialRelay(t, r, nil)
				}
			}
			checkWire(t, r)
			hangUp()
		}
	}
}

func checkWire(t *testing.T, r *relay) {
	t.Helper()
	s := r.wire()
	if at := lineends.FirstBare(s); at >= 0 {
		t.Fatalf("on the wire: %q", s[max(at-20, 0):min(at+20, len(s))])
	}
}

// An address or parameter that would be more than that is refused before
// anything is said.
func TestInjection(t *testing.T) {
	r := with(append([]string{"AUTH PLAIN", "DELIVERBY"}, all...)...)
	c, hangUp := dialRelay(t, r, nil)
	defer hangUp()
	for _, evil := range []string{"a@x>\r\nDATA\r\n", "a@x\nDATA", "a@x\r", "a\x00@x", "a@x> SIZE=1", "a@x>", "<a@x", "a b@x", "\"a\r\n\"@x", "\"a@x", "\"a\\\n\"@x", "a@\xff", "a\x7f@x", "a@" + strings.Repeat("x", 400), "\"a\\"} {
		for _, e := range []smtpconn.Envelope{{From: evil, To: []string{"b@x"}}, {From: "a@x", To: []string{"b@x", evil}}} {
			if _, err := c.Send(t.Context(), e, strings.NewReader(note)); !errors.Is(err, smtpconn.ErrAddress) || asResult(nil, err).err.Temporary() {
				t.Errorf("%q: %v", evil, err)
			}
		}
		auth := evil
		for name, e := range map[string]smtpconn.Envelope{
			"RET":    {Mail: &smtp.MailOptions{Return: smtp.DSNReturn(evil)}},
			"BODY":   {Mail: &smtp.MailOptions{Body: smtp.BodyType(evil)}},
			"BY":     {Rcpt: []*smtp.RcptOptions{{DeliverBy: &smtp.DeliverByOptions{Time: 1e9, Mode: smtp.DeliverByMode(evil)}}}},
			"ORCPT":  {Rcpt: []*smtp.RcptOptions{{OriginalRecipientType: smtp.DSNAddressType(evil), OriginalRecipient: "x"}}},
			"NOTIFY": {Rcpt: []*smtp.RcptOptions{{Notify: []smtp.DSNNotify{smtp.DSNNotify(evil)}}}},
		} {
			e.From, e.To = "a@x", []string{"b@x"}
			if _, err := c.Send(t.Context(), e, strings.NewReader(note)); err == nil {
				t.Errorf("%s %q was sent", name, evil)
			}
		}
		// What is encoded is no harm.
		e := smtpconn.Envelope{From: "a@x", To: []string{"b@x"}, Mail: &smtp.MailOptions{Auth: &auth, EnvelopeID: evil}}
		c.Send(t.Context(), e, strings.NewReader(note))
	}
	for _, e := range []smtpconn.Envelope{{From: "a@x"}, {From: "a@x", To: []string{""}}, {From: "a@x", To: []string{"b@x"}, Mail: &smtp.MailOptions{Size: -1}}} {
		if _, err := c.Send(t.Context(), e, strings.NewReader(note)); err == nil {
			t.Errorf("%+v was sent", e)
		}
	}
	if _, err := c.Send(t.Context(), envelope(), nil); err == nil {
		t.Error("no content was sent")
	}
	for line := range strings.Lines(r.wire()) {
		if strings.HasPrefix(line, "MAIL") && strings.Count(line, " ") > 5 {
			t.Errorf("said %q", line)
		}
	}
	if n := strings.Count(r.wire(), "DATA\r\n"); n != len(r.took()) {
		t.Errorf("DATA %d times for %d messages", n, len(r.took()))
	}
	r.mu.Lock()
	r.said = nil
	r.mu.Unlock()
	if _, err := c.Send(t.Context(), smtpconn.Envelope{To: []string{"\"b >\\\"<\"@x"}}, strings.NewReader(note)); err != nil || !strings.HasPrefix(r.wire(), "MAIL FROM:<> BODY=8BITMIME SIZE=20\r\nRCPT TO:<\"b >\\\"<\"@x>\r\n") {
		t.Errorf("%v, said %q", err, r.wire())
	}
}
