package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox"
)

func row19(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		b, disk := openFlaky(t, outbox.Config{}, s)
		writes := 0
		disk.set(func(call string) error {
			if call == "write content" {
				writes++
			}
			return nil
		})
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { b.mustPut("m1", "ann@mail.test") })
		}
		wg.Wait()
		b.drain()
		if writes != 1 {
			t.Errorf("%d contents written", writes)
		}
		b.expect("m1 ann@mail.test: accepted")
		expectTaken(t, s, "m1 ann@mail.test")
		b.close()
	})
}

func row20(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.setDown(errRefused)
		b := open(t, newDir(t), outbox.Config{}, s)
		b.mustPut("m1", "ann@mail.test")
		conflicts := func() {
			t.Helper()
			if err := b.put("m1", "bob@mail.test"); !errors.Is(err, outbox.ErrConflict) {
				t.Errorf("other recipient: %v", err)
			}
			e, _ := mail("m1", "ann@mail.test")
			if err := b.Put(t.Context(), "m1", e, strings.NewReader("Subject: other\r\n")); !errors.Is(err, outbox.ErrConflict) {
				t.Errorf("other content: %v", err)
			}
			e.Mail = &smtp.MailOptions{RequireTLS: true}
			_, content := mail("m1")
			if err := b.Put(t.Context(), "m1", e, content); !errors.Is(err, outbox.ErrConflict) {
				t.Errorf("other options: %v", err)
			}
		}
		conflicts()
		s.setDown(nil)
		b.drain()
		conflicts()
		b.expect("m1 ann@mail.test: accepted")
		expectTaken(t, s, "m1 ann@mail.test")
		b.close()
	})
}

func row21(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		b := prepare(t, newDir(t), outbox.Config{}, s)
		b.refuse = errNotNow
		b.start(outbox.SystemCalls())
		b.mustPut("m1", "ann@mail.test")
		wait(time.Second)
		b.mustPut("m1", "ann@mail.test")
		if n, _ := b.count(); n != 1 || b.Stats().Untold != 1 {
			t.Errorf("told %d times, %+v", n, b.Stats())
		}
		wait(24 * time.Hour)
		expectTaken(t, s, "m1 ann@mail.test")
		if n, _ := b.count(); n < 20 || n > 60 {
			t.Errorf("told %d times in a day", n)
		}
		b.close()
	})
}

func row22(t *testing.T) {
	for _, c := range []struct {
		keep, pause time.Duration
		again       bool
	}{{0, 6 * 24 * time.Hour, false}, {0, 8 * 24 * time.Hour, true}, {-1, 0, true}, {time.Hour, 30 * time.Minute, false}} {
		synctest.Test(t, func(t *testing.T) {
			s, dir := newServer(), newDir(t)
			for i := range 2 {
				b := open(t, dir, outbox.Config{KeepIDs: c.keep}, s)
				b.mustPut("m1", "ann@mail.test")
				b.drain()
				b.close()
				if i == 0 {
					wait(c.pause)
				}
			}
			if got := s.total(); (got == 2) != c.again {
				t.Errorf("%+v: taken %d times", c, got)
			}
		})
	}
}

func row23(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, dir := newServer(), newDir(t)
		for i := range 3 {
			b := prepare(t, dir, outbox.Config{}, s)
			if i == 0 {
				b.refuse = errNotNow // as for the program that is killed, the outbox has not seen nil
			}
			b.start(outbox.SystemCalls())
			if i == 0 {
				b.mustPut("m1", "ann@mail.test")
			}
			wait(10 * time.Second)
			n, _ := b.count()
			if want := []int{1, 1, 0}[i]; n != want {
				t.Errorf("run %d: told %d times", i, n)
			}
			b.close()
		}
		expectTaken(t, s, "m1 ann@mail.test")
	})
}

func row38(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.caps = "SIZE 100"
		b := open(t, newDir(t), outbox.Config{}, s)
		n := 0
		for text, want := range map[string]error{
			"a\nb\r\n":                               smtpconn.ErrLineEnds,
			"a\rb\r\n":                               smtpconn.ErrLineEnds,
			"a\r":                                    smtpconn.ErrLineEnds,
			strings.Repeat("x", 64<<10-1) + "\r\n\n": smtpconn.ErrLineEnds,
			strings.Repeat("x", 64<<10) + "\n":       smtpconn.ErrLineEnds,
			strings.Repeat("x", 999) + "\r\n":        smtpconn.ErrLongLine,
			"ü\r\n":                                  smtpconn.ErrEightBit,
			strings.Repeat("x", 998) + "\r\nshort\r\n": nil,
		} {
			n++
			e, _ := mail("m", "ann@mail.test")
			e.ShortLines = want != smtpconn.ErrLineEnds
			e.Mail = &smtp.MailOptions{Body: smtp.Body7Bit}
			if err := b.Put(t.Context(), fmt.Sprint("m", n), e, strings.NewReader(text)); !errors.Is(err, want) || want == nil && err != nil {
				t.Errorf("%.20q: %v", text, err)
			}
		}
		e, content := mail("large", "ann@mail.test")
		if err := b.Put(t.Context(), "large", e, io.MultiReader(content, strings.NewReader(strings.Repeat("x", 100)+"\r\n"))); err != nil {
			t.Error(err)
		}
		b.drain()
		if n := len(contents(t, b.dir)); n > 0 || s.said(".") > 0 {
			t.Errorf("%d contents, %d dots", n, s.said("."))
		}
		for _, r := range b.results {
			var failed *smtpconn.SendError
			if !errors.As(r.Err, &failed) || failed.Outcome != smtpconn.NotSent || !strings.Contains(r.Err.Error(), "larger") {
				t.Errorf("%+v", r)
			}
		}
		if len(b.results) != 2 {
			t.Errorf("told:\n%s", b.told())
		}
		b.close()
	})
}

// What is wrong with the arguments is an error before anything is written.
func TestPutWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, newDir(t), outbox.Config{}, newServer())
		priority := 99
		for name, c := range map[string]struct {
			id     string
			change func(*smtpconn.Envelope)
		}{
			"empty id":     {"", nil},
			"long id":      {strings.Repeat("x", 256), nil},
			"binary id":    {"\xff", nil},
			"no recipient": {"m", func(e *smtpconn.Envelope) { e.To = nil }},
			"1001":         {"m", func(e *smtpconn.Envelope) { e.To = make([]string, 1001) }},
			"address":      {"m", func(e *smtpconn.Envelope) { e.To = []string{"a b@mail.test"} }},
			"sender":       {"m", func(e *smtpconn.Envelope) { e.From = "x>\r\n" }},
			"BeforeEnd":    {"m", func(e *smtpconn.Envelope) { e.BeforeEnd = func(context.Context) error { return nil } }},
			"option":       {"m", func(e *smtpconn.Envelope) { e.Rcpt = []*smtp.RcptOptions{{MTPriority: &priority}} }},
			"auth":         {"m", func(e *smtpconn.Envelope) { s := "\xff"; e.Mail = &smtp.MailOptions{Auth: &s} }},
		} {
			e, content := mail("m", "ann@mail.test")
			if c.change != nil {
				c.change(&e)
			}
			if err := b.Put(t.Context(), c.id, e, content); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		e, _ := mail("m", "ann@mail.test")
		if err := b.Put(t.Context(), "m", e, nil); err == nil {
			t.Error("no content: no error")
		}
		_, letter := mail("m", "ann@mail.test")
		var none context.Context
		for name, err := range map[string]error{
			"Put": b.Put(none, "m", e, letter), "Resend": b.Resend(none, "m"), "GiveUp": b.GiveUp(none, "m"),
			"Cancel": b.Cancel(none, "m"), "Close": b.Close(none),
		} {
			if err == nil || !strings.Contains(err.Error(), "nil context") {
				t.Errorf("%s without a context: %v", name, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, content := mail("m")
		if err := b.Put(ctx, "m", e, content); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if b.Stats().Messages != 0 || len(contents(t, b.dir)) > 0 {
			t.Errorf("%+v", b.Stats())
		}
		b.close()
		if err := b.put("m", "ann@mail.test"); !errors.Is(err, outbox.ErrClosed) {
			t.Error(err)
		}
	})
}

// All that an envelope has is sent after it was read from the journal.
func TestEnvelopeKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.caps = "8BITMIME;PIPELINING;DSN;AUTH;SMTPUTF8;SIZE;MT-PRIORITY;DELIVERBY;RRVS"
		s.set(answers(map[string]string{`RCPT TO:<"b`: "250 2.1.5 ok"})) // with extensions that dialtest has not
		s.setDown(errRefused)
		b := open(t, newDir(t), outbox.Config{}, s)
		identity, priority := "me+x@mail.test", 3
		e := smtpconn.Envelope{
			From: "jörg@mail.test", To: []string{"a@mail.test", `"b <x>"@mail.test`},
			Mail: &smtp.MailOptions{Body: smtp.Body8BitMIME, UTF8: true, Return: smtp.DSNReturnHeaders, EnvelopeID: "id 1", Auth: &identity, Size: 77},
			Rcpt: []*smtp.RcptOptions{nil, {
				Notify: []smtp.DSNNotify{smtp.DSNNotifyDelayed, smtp.DSNNotifyFailure}, OriginalRecipientType: smtp.DSNAddressTypeUTF8, OriginalRecipient: "ö@mail.test",
				MTPriority: &priority, DeliverBy: &smtp.DeliverByOptions{Time: time.Hour, Mode: smtp.DeliverByNotify},
				RequireRecipientValidSince: time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC),
			}},
			NormalizeLines: true,
		}
		if err := b.Put(t.Context(), "m1", e, strings.NewReader("Subject: m1\n\nBody\n")); err != nil {
			t.Fatal(err)
		}
		b.close()
		s.setDown(nil)
		b = open(t, b.dir, outbox.Config{}, s)
		b.drain()
		for _, want := range []string{
			"MAIL FROM:<jörg@mail.test> BODY=8BITMIME SIZE=77 SMTPUTF8 RET=HDRS ENVID=id+201 AUTH=me+2Bx@mail.test",
			"RCPT TO:<a@mail.test>",
			`RCPT TO:<"b <x>"@mail.test> NOTIFY=DELAY,FAILURE ORCPT=UTF-8;ö@mail.test RRVS=2001-02-03T04:05:06Z BY=3600;N MT-PRIORITY=3`,
		} {
			if s.said(want) != 1 {
				t.Errorf("not said: %s\n%q", want, s.commands)
			}
		}
		if s.contents["m1"] != "Subject: m1\r\n\r\nBody\r\n" {
			t.Errorf("%q", s.contents)
		}
		b.close()
	})
}

// A Put whose content comes too slowly for Close leaves nothing in the outbox.
func TestCloseWhilePut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.setDown(errRefused)
		b := open(t, newDir(t), outbox.Config{}, s)
		b.mustPut("m1", "ann@mail.test")
		for _, id := range []string{"m1", "m2"} {
			e, content := mail(id, "ann@mail.test")
			slow := io.MultiReader(readerFunc(func([]byte) (int, error) { b.close(); return 0, io.EOF }), content)
			if err := b.Put(t.Context(), id, e, slow); !errors.Is(err, outbox.ErrClosed) {
				t.Errorf("%s: %v", id, err)
			}
			b = open(t, b.dir, outbox.Config{}, s)
			if n := b.Stats().Messages; n != 1 || len(contents(t, b.dir)) != 1 {
				t.Errorf("%s: %d messages, contents %v", id, n, contents(t, b.dir))
			}
		}
		s.setDown(nil)
		b.drain()
		expectTaken(t, s, "m1 ann@mail.test")
		b.close()
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// A message without a byte is kept and sent as any other.
func TestEmptyContent(t *testing.T) {
	for _, body := range []smtp.BodyType{"", smtp.BodyBinaryMIME} {
		synctest.Test(t, func(t *testing.T) {
			dir, s := newDir(t), newServer()
			s.caps = "PIPELINING;CHUNKING;BINARYMIME"
			s.setDown(errRefused)
			put := func(b *box) {
				e := smtpconn.Envelope{From: "a@mail.test", To: []string{"ann@mail.test"}, Mail: &smtp.MailOptions{Body: body}}
				if err := b.Put(t.Context(), "empty", e, strings.NewReader("")); err != nil {
					t.Error(err)
				}
			}
			b := open(t, dir, outbox.Config{}, s)
			put(b)
			b.close()
			s.setDown(nil)
			b = open(t, dir, outbox.Config{}, s)
			put(b)
			b.drain()
			b.expect("empty ann@mail.test: accepted")
			if s.said("MAIL") != 1 {
				t.Errorf("sent %d times", s.said("MAIL"))
			}
			b.close()
		})
	}
}
