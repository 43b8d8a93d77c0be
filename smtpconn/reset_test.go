package smtpconn_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
)

// A server that does not end a transaction when told to never gets a second message
// while it has the first: whatever it answers to RSET, whatever RSET is for, and
// however messages are sent.
func TestResetIsBelievedOnlyIf250(t *testing.T) {
	reasons := map[string]struct {
		envelope func() smtpconn.Envelope
		at       string // the command that is refused
	}{
		"one of two recipients": {func() smtpconn.Envelope { return envelope("one@mail.test", "no@mail.test") }, "RCPT TO:<no"},
		"DATA":                  {func() smtpconn.Envelope { return envelope("one@mail.test") }, "DATA"},
		"chunk":                 {func() smtpconn.Envelope { return binary("one@mail.test") }, "BDAT"},
	}
	runs := 0
	for name, reason := range reasons {
		for _, reply := range []string{"250 2.0.0 ok", "251 ok", "200 ok", "299 what", "354 go", "421 4.3.2 going", "450 later", "451 4.3.0 later", "500 what", "502 5.5.1 unimplemented", "503 5.5.1 no", "554 5.0.0 no", "hangs up", "nothing", "hello"} {
			for _, each := range []bool{false, true} {
				for _, extensions := range [][]string{all, {"CHUNKING", "BINARYMIME"}} {
					runs++
					synctest.Test(t, func(t *testing.T) {
						testReset(t, name, reason.at, reply, reason.envelope(), each, extensions)
					})
				}
			}
		}
	}
	t.Logf("%d runs", runs)
}

func testReset(t *testing.T, name, at, reply string, e smtpconn.Envelope, each bool, extensions []string) {
	about := fmt.Sprintf("%s, RSET answered %q, each %v, %d extensions", name, reply, each, len(extensions))
	r := with(extensions...)
	r.keeps = !strings.HasPrefix(reply, "250")
	refused := false
	r.answer = func(_ int, command, usual string) string {
		switch {
		case strings.HasPrefix(command, at) && !refused:
			refused = true
			return "552 5.3.4 no"
		case command == "RSET" && reply == "hangs up":
			r.conn.Close()
			return ""
		case command == "RSET" && reply == "nothing":
			return ""
		case command == "RSET":
			return reply
		}
		return usual
	}
	c, hangUp := dialRelay(t, r, &smtpconn.Options{ReplyTimeout: time.Second})
	list := []smtpconn.Message{{Envelope: e, Content: strings.NewReader("first\r\n")}, message("second\r\n", "two@mail.test")}
	got := sendAll(t, c, list, each)
	hangUp()
	if len(got) == 0 || got[0].err == nil || got[0].err.Outcome != smtpconn.Refused {
		t.Errorf("%s: the first: %+v", about, got)
	}
	alive := strings.HasPrefix(reply, "250")
	if sent := len(got) == 2 && got[1].err == nil; sent != alive {
		t.Errorf("%s: the second: %+v", about, got)
	}
	if len(got) == 2 && !alive && (got[1].err == nil || got[1].err.Outcome != smtpconn.NotSent || !got[1].err.Temporary() || got[1].err.MessageAtFault()) {
		t.Errorf("%s: the second: %+v", about, got[1].err)
	}
	for _, m := range r.took() {
		if !alive || m.body != "second\r\n" || !slices.Equal(m.to, []string{"two@mail.test"}) {
			t.Errorf("%s: %q went to %q", about, m.body, m.to)
		}
	}
}

// A recipient that is accepted although MAIL was refused must not be one of the next
// message, either.
func TestRecipientWithoutSender(t *testing.T) {
	for _, reply := range []string{"550 5.7.1 not you", "451 4.3.0 later", "503 5.5.1 no"} {
		for _, each := range []bool{false, true} {
			r := with("PIPELINING")
			mails := 0
			r.answer = func(_ int, command, usual string) string {
				switch {
				case strings.HasPrefix(command, "MAIL"):
					if mails++; mails == 1 {
						return reply
					}
				case strings.HasPrefix(command, "RCPT") && mails == 1:
					return "250 2.1.5 ok"
				}
				return usual
			}
			c, hangUp := dialRelay(t, r, nil)
			got := sendAll(t, c, []smtpconn.Message{message(note, "one@mail.test"), message(note, "two@mail.test")}, each)
			hangUp()
			if got[0].err == nil || got[0].err.Outcome != smtpconn.Refused || got[0].err.Phase != smtpconn.PhaseMail || len(got) < 2 || got[1].err != nil {
				t.Errorf("%s, each %v: %+v", reply, each, got)
			}
			if said := r.wire(); !strings.Contains(said, "RSET\r\nMAIL") {
				t.Errorf("%s, each %v: no RSET: %q", reply, each, said)
			}
		}
	}
}
