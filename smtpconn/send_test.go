package smtpconn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

func envelope(to ...string) smtpconn.Envelope {
	if to == nil {
		to = []string{"b@mail.test"}
	}
	return smtpconn.Envelope{From: "a@mail.test", To: to}
}

const note = "Subject: x\r\n\r\nbody\r\n"

func message(s string, to ...string) smtpconn.Message {
	return smtpconn.Message{Envelope: envelope(to...), Content: strings.NewReader(s)}
}

// repeated is the same message n times.
func repeated(n int, to ...string) iter.Seq[smtpconn.Message] {
	return func(yield func(smtpconn.Message) bool) {
		for range n {
			if !yield(message(note, to...)) {
				return
			}
		}
	}
}

type result struct {
	receipt *smtpconn.Receipt
	err     *smtpconn.SendError
}

func results(seq iter.Seq2[*smtpconn.Receipt, error]) (list []result) {
	for r, err := range seq {
		list = append(list, asResult(r, err))
	}
	return list
}

// sendAll sends messages, by SendEach or one by one.
func sendAll(t *testing.T, c *smtpconn.Client, list []smtpconn.Message, each bool) (got []result) {
	t.Helper()
	if each {
		return results(c.SendEach(t.Context(), slices.Values(list)))
	}
	for _, m := range list {
		got = append(got, asResult(c.Send(t.Context(), m.Envelope, m.Content)))
	}
	return got
}

func asResult(r *smtpconn.Receipt, err error) result {
	var e *smtpconn.SendError
	if errors.As(err, &e) == (r != nil) {
		panic(fmt.Sprintf("%v and %v", r, err))
	}
	return result{r, e}
}

// Turns are what the server counts: two for one message, one for each of a
// stream and one more; without pipelining one for each command.
func TestTurns(t *testing.T) {
	for name, c := range map[string]struct {
		extensions []string
		n, rcpts   int
		o          *smtpconn.Options
		all        bool
		turns      int
	}{
		"one":                 {all, 1, 1, nil, false, 2},
		"one to many":         {all, 1, 100, nil, false, 2},
		"stream":              {all, 50, 1, nil, false, 51},
		"stream to many":      {all, 50, 10, nil, false, 51},
		"all or none":         {all, 50, 2, nil, true, 101},
		"not listed":          {[]string{"CHUNKING"}, 2, 2, nil, false, 10},
		"listed, not wanted":  {all, 2, 2, &smtpconn.Options{NoPipelining: true}, false, 10},
		"all or none, slowly": {nil, 2, 2, nil, true, 10},
	} {
		r := with(c.extensions...)
		client, hangUp := dialRelay(t, r, c.o)
		to := make([]string, c.rcpts)
		for i := range to {
			to[i] = fmt.Sprintf("r%d@mail.test", i)
		}
		seq := func(yield func(smtpconn.Message) bool) {
			for m := range repeated(c.n, to...) {
				if m.Partial = !c.all; !yield(m) {
					return
				}
			}
		}
		for i, res := range results(client.SendEach(t.Context(), seq)) {
			if res.err != nil || res.receipt.Reply != fmt.Sprintf("2.0.0 queued as %d", i+1) || !slices.Equal(res.receipt.Accepted, to) {
				t.Errorf("%s: %+v", name, res)
			}
		}
		if len(r.took()) != c.n || r.count() != c.turns {
			t.Errorf("%s: %d messages in %d turns", name, len(r.took()), r.count())
		}
		hangUp()
	}
}

// BDAT chains as DATA does, once the server has shown that it takes it.
func TestBinaryTurns(t *testing.T) {
	r := with(all...)
	c, hangUp := dialRelay(t, r, nil)
	defer hangUp()
	const body = "\x00\n.\n\r.\r.."
	seq := func(yield func(smtpconn.Message) bool) {
		for range 20 {
			if !yield(smtpconn.Message{Envelope: binary(), Content: strings.NewReader(body)}) {
				return
			}
		}
	}
	results(c.SendEach(t.Context(), seq))
	took := r.took()
	if len(took) != 20 || took[19].body != body || r.count() != 22 || !strings.Contains(r.wire(), "BODY=BINARYMIME SIZE=9\r\n") {
		t.Errorf("%d messages in %d turns: %q", len(took), r.count(), took)
	}
}

// A message refused at any point has its own result, and its neighbours theirs.
func TestNeighbours(t *testing.T) {
	for name, c := range map[string]struct {
		command, to string // who gets the reply
		reply       string
		code        int
		temporary   bool
	}{
		"MAIL":                 {"MAIL FROM:<bad", "", "451 4.3.0 later", 451, true},
		"every RCPT":           {"RCPT TO:<bad", "", "550 5.1.1 no such user", 550, false},
		"DATA":                 {"DATA", "bad", "452 4.3.1 full", 452, true},
		"content":              {".", "bad", "554 5.6.0 spam", 554, false},
		"every RCPT, not DATA": {"RCPT TO:<bad", "354", "550 5.1.1 no such user", 550, false},
	} {
		for _, extensions := range [][]string{all, {"PIPELINING"}, nil} {
			r := with(extensions...)
			r.answer = func(_ int, command, usual string) string {
				bad := slices.Contains(r.tx.to, c.to+"@mail.test")
				switch {
				case c.to == "354" && command == "DATA" && r.tx.mail && len(r.tx.to) == 0:
					r.want = true
					return "354 go"
				case strings.HasPrefix(command, c.command) && (c.to == "" || c.to == "354" || bad):
					return c.reply
				}
				return usual
			}
			client, hangUp := dialRelay(t, r, nil)
			bad := message("bad\r\n", "bad@mail.test")
			bad.From = "bad@mail.test"
			list := []smtpconn.Message{message("1\r\n"), bad, message("2\r\n"), bad, bad, message("3\r\n"), bad}
			for i := range list {
				list[i].Content = strings.NewReader(fmt.Sprintf("%d\r\n", i))
			}
			got := results(client.SendEach(t.Context(), slices.Values(list)))
			for i, res := range got {
				refused := list[i].From == "bad@mail.test"
				var reply *smtp.SMTPError
				switch {
				case !refused && res.err != nil:
					t.Errorf("%s: %d: %v", name, i, res.err)
				case refused && (res.err == nil || res.err.Outcome != smtpconn.Refused || !errors.As(res.err, &reply) || reply.Code != c.code || reply.EnhancedCode[0] != c.code/100 || res.err.Temporary() != c.temporary):
					t.Errorf("%s: %d: %+v", name, i, res)
				}
			}
			if len(got) != len(list) || len(r.took()) != 3 {
				t.Errorf("%s: %d results, %d taken", name, len(got), len(r.took()))
			}
			// The session is between transactions: also for the wrapped client.
			if err := client.SendMail("a@mail.test", []string{"b@mail.test"}, strings.NewReader(note)); err != nil {
				t.Errorf("%s: afterwards: %v", name, err)
			}
			if _, err := client.Send(t.Context(), envelope(), strings.NewReader(note)); err != nil {
				t.Errorf("%s: afterwards: %v", name, err)
			}
			hangUp()
		}
	}
}

// Of several recipients some may be refused, and the receipt says who.
func TestReceipt(t *testing.T) {
	r := with(all...)
	r.answer = func(_ int, command, usual string) string {
		switch {
		case strings.HasPrefix(command, "RCPT TO:<no"):
			return "550-5.1.1 no\r\n550 5.1.1 such \x1b[1muser"
		case strings.HasPrefix(command, "RCPT TO:<later"):
			return "450 5.2.0 later" // no code of this reply's class
		case command == ".":
			return "250-2.0.0 ok\r\n250 2.0.0 queued as 7"
		}
		return usual
	}
	c, hangUp := dialRelay(t, r, nil)
	defer hangUp()
	e := envelope("yes@mail.test", "no@mail.test", "yes2@mail.test", "later@mail.test")
	e.Partial = true
	got, err := c.Send(t.Context(), e, strings.NewReader(note))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Accepted, []string{"yes@mail.test", "yes2@mail.test"}) || got.Reply != "2.0.0 ok 2.0.0 queued as 7" || len(got.Refused) != 2 {
		t.Fatalf("%+v", got)
	}
	no, later := got.Refused[0], got.Refused[1]
	if no.Recipient != "no@mail.test" || no.Reply.Code != 550 || no.Reply.EnhancedCode != (smtp.EnhancedCode{5, 1, 1}) || no.Reply.Message != "no such \ufffd[1muser" {
		t.Errorf("%+v", no.Reply)
	}
	if later.Recipient != "later@mail.test" || later.Reply.Code != 450 || later.Reply.EnhancedCode != (smtp.EnhancedCode{}) || later.Reply.Message != "5.2.0 later" {
		t.Errorf("%+v", later.Reply)
	}
	e.Partial = false
	_, err = c.Send(t.Context(), e, strings.NewReader(note))
	res := asResult(nil, err)
	if res.err.Outcome != smtpconn.Refused || len(res.err.Refused) != 2 || !res.err.Temporary() || len(r.took()) != 1 {
		t.Errorf("%v", err)
	}
	if n := strings.Count(r.wire(), "DATA"); n != 1 {
		t.Errorf("DATA said %d times", n)
	}
}

// 5000 recipients and their replies pass through a connection without buffers,
// and through a server that reads and answers one line at a time.
func TestNoDeadlock(t *testing.T) {
	r := with(all...)
	c, hangUp := dialRelay(t, r, nil)
	defer hangUp()
	to := make([]string, 5000)
	for i := range to {
		to[i] = fmt.Sprintf("recipient%d@mail.test", i)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for range 2 {
		got, err := c.Send(ctx, envelope(to...), strings.NewReader(note))
		if err != nil || len(got.Accepted) != len(to) {
			t.Fatal(err)
		}
	}
}

// binary is an envelope of a message that goes in chunks.
func binary(to ...string) smtpconn.Envelope {
	e := envelope(to...)
	e.Mail = &smtp.MailOptions{Body: smtp.BodyBinaryMIME}
	return e
}

// hidden is content whose length cannot be known.
func hidden(s string) io.Reader { return iotest.HalfReader(strings.NewReader(s)) }

// Content of any size goes with DATA, and arrives as it was. In chunks goes what is
// binary.
func TestLargeContent(t *testing.T) {
	var b strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&b, "%s%d\r\n", strings.Repeat(".", i%4), i)
	}
	for name, c := range map[string]struct {
		extensions []string
		envelope   smtpconn.Envelope
		bdat       bool
	}{
		"DATA":            {all, envelope(), false},
		"lock-step":       {[]string{"CHUNKING"}, envelope(), false},
		"BDAT":            {all, binary(), true},
		"BDAT, lock-step": {[]string{"CHUNKING", "BINARYMIME"}, binary(), true},
	} {
		r := with(c.extensions...)
		client, hangUp := dialRelay(t, r, nil)
		for _, m := range []io.Reader{strings.NewReader(b.String()), hidden(b.String()), iotest.DataErrReader(strings.NewReader(b.String()))} {
			if _, err := client.Send(t.Context(), c.envelope, m); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for _, m := range r.took() {
			if m.body != b.String() {
				t.Errorf("%s: content changed", name)
			}
		}
		if got := strings.Contains(r.wire(), "\r\nBDAT "); got != c.bdat || len(r.took()) != 3 {
			t.Errorf("%s: BDAT %v", name, got)
		}
		hangUp()
	}
}

// Content that fails leaves a message without a dot, and no recipient with half
// of one.
func TestContentFails(t *testing.T) {
	broken := errors.New("disk")
	for _, extensions := range [][]string{all, {"PIPELINING"}, nil} {
		for name, c := range map[string]struct {
			content io.Reader
			want    error
			alive   bool // found before anything was said
		}{
			"at once":          {iotest.ErrReader(broken), broken, true},
			"late":             {io.MultiReader(strings.NewReader(strings.Repeat("x\r\n", 1e5)), iotest.ErrReader(broken)), broken, false},
			"bare LF":          {strings.NewReader("a\nb"), smtpconn.ErrLineEnds, true},
			"bare LF, late":    {strings.NewReader(strings.Repeat("x\r\n", 1e5) + "\n"), smtpconn.ErrLineEnds, false},
			"nothing, forever": {empty{}, io.ErrNoProgress, true},
			"nothing, sought":  {sought{}, io.ErrNoProgress, true},
		} {
			r := with(extensions...)
			client, hangUp := dialRelay(t, r, nil)
			m := smtpconn.Message{Envelope: envelope(), Content: c.content}
			got := results(client.SendEach(t.Context(), slices.Values([]smtpconn.Message{message(note), m, message(note)})))
			if got[1].err == nil || got[1].err.Outcome != smtpconn.NotSent || !errors.Is(got[1].err, c.want) || got[0].err != nil || got[1].err.Temporary() {
				t.Errorf("%s: %+v", name, got)
			}
			if alive := got[2].err == nil; alive != c.alive || !alive && (got[2].err.Outcome != smtpconn.NotSent || !got[2].err.Temporary()) {
				t.Errorf("%s: afterwards: %+v", name, got[2])
			}
			hangUp()
			if n := len(r.took()); n != 1 && !c.alive || c.alive && n != 2 {
				t.Errorf("%s: %d taken", name, n)
			}
		}
	}
}

type empty struct{}

func (empty) Read([]byte) (int, error) { return 0, nil }

type sought struct{ empty }

func (sought) Seek(int64, int) (int64, error) { return 0, nil }

// What the server does not offer is not used, and the error names it. Nothing
// is said.
func TestNotOffered(t *testing.T) {
	r := with("SIZE 10")
	c, hangUp := dialRelay(t, r, nil)
	defer hangUp()
	priority, empty := 3, ""
	for keyword, m := range map[string]smtpconn.Envelope{
		"8BITMIME":    {Mail: &smtp.MailOptions{Body: smtp.Body8BitMIME}},
		"BINARYMIME":  {Mail: &smtp.MailOptions{Body: smtp.BodyBinaryMIME}},
		"SMTPUTF8":    {Mail: &smtp.MailOptions{UTF8: true}},
		"REQUIRETLS":  {Mail: &smtp.MailOptions{RequireTLS: true}},
		"DSN":         {Mail: &smtp.MailOptions{Return: smtp.DSNReturnFull}},
		"AUTH":        {Mail: &smtp.MailOptions{Auth: &empty}},
		"RRVS":        {Rcpt: []*smtp.RcptOptions{nil, {RequireRecipientValidSince: time.Now()}}},
		"DELIVERBY":   {Rcpt: []*smtp.RcptOptions{{DeliverBy: &smtp.DeliverByOptions{Time: time.Hour, Mode: smtp.DeliverByReturn}}}},
		"MT-PRIORITY": {Rcpt: []*smtp.RcptOptions{{MTPriority: &priority}}},
	} {
		m.From, m.To = "a@mail.test", []string{"b@mail.test", "c@mail.test"}
		_, err := c.Send(t.Context(), m, strings.NewReader(note))
		var e *smtpconn.ExtensionError
		if !errors.As(err, &e) || e.Keyword != keyword || asResult(nil, err).err.Outcome != smtpconn.NotSent || asResult(nil, err).err.Temporary() {
			t.Errorf("%s: %v", keyword, err)
		}
	}
	if _, err := c.Send(t.Context(), envelope("\u00e9@mail.test"), strings.NewReader("x")); err == nil || !strings.Contains(err.Error(), "SMTPUTF8") {
		t.Errorf("address: %v", err)
	}
	for _, content := range []io.Reader{strings.NewReader("12345678901"), io.MultiReader(strings.NewReader("12345678901"))} {
		if _, err := c.Send(t.Context(), envelope(), content); !errors.Is(err, smtpconn.ErrTooLarge) {
			t.Errorf("size: %v", err)
		}
	}
	if _, err := c.Send(t.Context(), envelope(), strings.NewReader("12345678")); err != nil {
		t.Error(err)
	}
	if s := r.wire(); s != "MAIL FROM:<a@mail.test> SIZE=10\r\nRCPT TO:<b@mail.test>\r\nDATA\r\n12345678\r\n.\r\n" {
		t.Errorf("said %q", s)
	}
}

// Parameters are encoded as their RFCs say.
func TestParameters(t *testing.T) {
	r := with(append([]string{"AUTH PLAIN", "RRVS", "DELIVERBY", "MT-PRIORITY"}, all...)...)
	c, hangUp := dialRelay(t, r, nil)
	defer hangUp()
	empty, priority := "", -3
	e := envelope("\u00e9@mail.test", "c@mail.test")
	e.Mail = &smtp.MailOptions{Body: smtp.Body8BitMIME, Size: 77, Return: smtp.DSNReturnHeaders, EnvelopeID: "a+b", Auth: &empty}
	e.Rcpt = []*smtp.RcptOptions{nil, {Notify: []smtp.DSNNotify{smtp.DSNNotifyFailure, smtp.DSNNotifyDelayed}, OriginalRecipientType: smtp.DSNAddressTypeRFC822, OriginalRecipient: "o@x", MTPriority: &priority}}
	if _, err := c.Send(t.Context(), e, strings.NewReader(note)); err != nil {
		t.Fatal(err)
	}
	const want = "MAIL FROM:<a@mail.test> BODY=8BITMIME SIZE=77 SMTPUTF8 RET=HDRS ENVID=a+2Bb AUTH=<>\r\nRCPT TO:<\u00e9@mail.test>\r\nRCPT TO:<c@mail.test> NOTIFY=FAILURE,DELAY ORCPT=RFC822;o@x MT-PRIORITY=-3\r\nDATA\r\n"
	if s := r.wire(); !strings.HasPrefix(s, want) {
		t.Errorf("said %q", s)
	}
}

// REQUIRETLS needs a verified server that lists it inside TLS.
func TestRequireTLS(t *testing.T) {
	player := scripttest.New(t)
	const transaction = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: .\nS: 250 taken\nC: x\n"
	e := envelope()
	e.Mail = &smtp.MailOptions{RequireTLS: true}
	for name, c := range map[string]struct {
		policy policy.Policy
		lines  string
		sent   bool
	}{
		"inside":       {policy.ImplicitTLS, inside(ehlo("REQUIRETLS") + transaction), true},
		"not listed":   {policy.ImplicitTLS, inside(ehlo("X") + transaction), false},
		"no TLS":       {policy.NoTLS, "S: 220 x\n" + ehlo("REQUIRETLS") + transaction, false},
		"in the clear": {policy.RequiredSTARTTLS, "S: 220 x\n" + ehlo("REQUIRETLS", "STARTTLS") + "C: STARTTLS\nS: 220 go\nTLS good\n" + inside(ehlo("X")+transaction), false},
	} {
		client, session, err := open(t, player, c.policy, c.lines, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Send(t.Context(), e, strings.NewReader("x"))
		var missing *smtpconn.ExtensionError
		if c.sent != (err == nil) || !c.sent && !errors.As(err, &missing) {
			t.Errorf("%s: %v", name, err)
		}
		rec, said := closed(client, session)
		if said += string(rec.Clear); strings.Contains(said, "> REQUIRETLS\r\n") != c.sent || strings.Contains(said, "MAIL") != c.sent {
			t.Errorf("%s: said %q", name, said)
		}
	}
}

// The end of the context ends the connection, and the message with it.
func TestContextEndsSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for at, want := range map[string]smtpconn.Outcome{"MAIL": smtpconn.NotSent, "DATA": smtpconn.NotSent, ".": smtpconn.InDoubt} {
			r := with(all...)
			mute := false
			r.answer = func(_ int, command, usual string) string {
				if mute = mute || strings.HasPrefix(command, at); mute {
					return ""
				}
				return usual
			}
			c, hangUp := dialRelay(t, r, nil)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			begin := time.Now()
			_, err := c.Send(ctx, envelope(), strings.NewReader(note))
			if !errors.Is(err, context.DeadlineExceeded) || asResult(nil, err).err.Outcome != want || time.Since(begin) != time.Second {
				t.Errorf("%s: %v", at, err)
			}
			if _, err := c.Send(t.Context(), envelope(), strings.NewReader(note)); asResult(nil, err).err.Outcome != smtpconn.NotSent {
				t.Errorf("%s: afterwards: %v", at, err)
			}
			cancel()
			hangUp()
		}
	})
}

// An ended context is found before anything is said, and does no harm.
func TestEndedContext(t *testing.T) {
	r := with(all...)
	c, hangUp := dialRelay(t, r, nil)
	defer hangUp()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Send(ctx, envelope(), strings.NewReader(note)); !errors.Is(err, context.Canceled) || r.wire() != "" {
		t.Errorf("%v, said %q", err, r.wire())
	}
	if _, err := c.Send(t.Context(), envelope(), strings.NewReader(note)); err != nil {
		t.Error(err)
	}
}

// Every command has the time of RFC 5321 §4.5.3.2.
func TestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for at, want := range map[string]time.Duration{"MAIL": 5 * time.Minute, "RCPT": 5 * time.Minute, "DATA": 2 * time.Minute, ".": 10 * time.Minute} {
			for _, o := range []*smtpconn.Options{nil, {ReplyTimeout: time.Hour}, {NoPipelining: true}} {
				r := with("PIPELINING")
				mute := false
				r.answer = func(_ int, command, usual string) string {
					if mute = mute || strings.HasPrefix(command, at); mute {
						return ""
					}
					return usual
				}
				c, hangUp := dialRelay(t, r, o)
				if o != nil && o.ReplyTimeout != 0 {
					want = o.ReplyTimeout
				} else if o != nil {
					want = map[string]time.Duration{"MAIL": 5 * time.Minute, "RCPT": 5 * time.Minute, "DATA": 2 * time.Minute, ".": 10 * time.Minute}[at]
				}
				begin := time.Now()
				if _, err := c.Send(t.Context(), envelope(), strings.NewReader(note)); err == nil || time.Since(begin) != want {
					t.Errorf("%s: %v after %v", at, err, time.Since(begin))
				}
				hangUp()
			}
		}
	})
}

// A server that does not keep to PIPELINING makes an error that says what to
// do about it.
func TestMisbehavedPipelining(t *testing.T) {
	for name, answer := range map[string]func(command, usual string) string{
		"a reply too many": func(command, usual string) string {
			if strings.HasPrefix(command, "RCPT") {
				return usual + "\r\n" + usual
			}
			return usual
		},
		"a reply too few": func(command, usual string) string {
			if strings.HasPrefix(command, "RCPT") {
				return ""
			}
			return usual
		},
		"one reply for all": func(command, usual string) string {
			if strings.HasPrefix(command, "MAIL") {
				return usual
			}
			return ""
		},
		"not SMTP": func(command, usual string) string { return "hello" },
	} {
		synctest.Test(t, func(t *testing.T) {
			r := with(all...)
			r.answer = func(_ int, command, usual string) string { return answer(command, usual) }
			c, hangUp := dialRelay(t, r, nil)
			defer hangUp()
			_, err := c.Send(t.Context(), envelope(), strings.NewReader(note))
			if !errors.Is(err, smtpconn.ErrPipelining) || !strings.Contains(err.Error(), "Options.NoPipelining") || asResult(nil, err).err.Outcome != smtpconn.NotSent {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// A server that breaks down when an envelope follows a message is one, too: what
// the error says is how to do without.
func TestBreaksDownInAPipeline(t *testing.T) {
	for _, extensions := range [][]string{all, nil} {
		synctest.Test(t, func(t *testing.T) {
			r := with(extensions...)
			r.answer = func(_ int, command, usual string) string {
				if command == "." || strings.HasPrefix(command, "BDAT") {
					r.conn.Close()
				}
				return usual
			}
			c, hangUp := dialRelay(t, r, nil)
			defer hangUp()
			got := results(c.SendEach(t.Context(), repeated(2)))[0].err
			if pipelined := extensions != nil; got == nil || !errors.Is(got, io.EOF) || errors.Is(got, smtpconn.ErrPipelining) != pipelined {
				t.Errorf("with %q: %v", extensions, got)
			}
		})
	}
}

// Leaving the loop leaves no message half said: the one whose envelope is out
// is not sent. No goroutine is left, or the bubble would not end.
func TestStreamLeftEarly(t *testing.T) {
	for _, extensions := range [][]string{all, nil} {
		synctest.Test(t, func(t *testing.T) {
			r := with(extensions...)
			c, hangUp := dialRelay(t, r, nil)
			for range c.SendEach(t.Context(), repeated(5)) {
				if _, err := c.Send(t.Context(), envelope(), strings.NewReader(note)); err == nil {
					t.Error("Send within the loop")
				}
				break
			}
			hangUp()
			if n := len(r.took()); n != 1 {
				t.Errorf("%d taken", n)
			}
		})
	}
}

// A server that speaks between messages is not taken for one that answers.
func TestUnaskedWords(t *testing.T) {
	for words, closed := range map[string]bool{"250 2.0.0 ok": false, "421 4.3.2 going": true} {
		r := with(all...)
		r.answer = func(n int, command, usual string) string {
			if command == "." {
				return usual + "\r\n" + words
			}
			return usual
		}
		c, hangUp := dialRelay(t, r, nil)
		_, err := c.Send(t.Context(), envelope(), strings.NewReader(note))
		if closed != (err == nil) || err != nil && asResult(nil, err).err.Outcome != smtpconn.InDoubt {
			t.Errorf("%q: %v", words, err)
		}
		if _, err := c.Send(t.Context(), envelope(), strings.NewReader(note)); asResult(nil, err).err.Outcome != smtpconn.NotSent {
			t.Errorf("%q: afterwards: %v", words, err)
		}
		hangUp()
	}
}

// A server that stops reading has three minutes for a block of content.
func TestStalledContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := with("PIPELINING")
		r.fault = &fault{reads: 50000, writes: -1, stall: make(chan struct{})}
		c, hangUp := dialRelay(t, r, nil)
		r.fault.arm()
		begin := time.Now()
		_, err := c.Send(t.Context(), envelope(), strings.NewReader(strings.Repeat("0123456789\r\n", 1e5)))
		if res := asResult(nil, err); res.err.Outcome != smtpconn.NotSent || !res.err.Temporary() || time.Since(begin) != 3*time.Minute {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		close(r.fault.stall)
		hangUp()
	})
}

// A loop or a reader that panics leaves the session between transactions, or
// closed.
func TestPanics(t *testing.T) {
	for _, body := range []smtp.BodyType{smtp.Body7Bit, smtp.BodyBinaryMIME} {
		r := with(all...)
		c, hangUp := dialRelay(t, r, nil)
		m := message(note)
		m.Mail = &smtp.MailOptions{Body: body}
		func() {
			defer func() { recover() }()
			for range c.SendEach(t.Context(), slices.Values([]smtpconn.Message{message(note), m})) {
				panic("loop")
			}
		}()
		_, err := c.Send(t.Context(), envelope(), strings.NewReader(note))
		hangUp()
		if n := len(r.took()); (err == nil) != (body == smtp.BodyBinaryMIME) || err == nil && n != 2 || err != nil && n != 1 {
			t.Errorf("%s: %v, %d taken", body, err, n)
		}
	}
}

// The wrapped client reads no more than its own replies: what lies behind them
// is seen by Send.
func TestSharedReader(t *testing.T) {
	r := with(all...)
	r.answer = func(_ int, command, usual string) string {
		if command == "NOOP" {
			return usual + "\r\n421 4.3.2 going"
		}
		return usual
	}
	c, hangUp := dialRelay(t, r, nil)
	defer hangUp()
	if err := c.Noop(); err != nil {
		t.Fatal(err)
	}
	_, err := c.Send(t.Context(), envelope(), strings.NewReader(note))
	if err == nil || !strings.Contains(err.Error(), "421 4.3.2 going") || strings.Contains(r.wire(), "MAIL") {
		t.Errorf("%v, said %q", err, r.wire())
	}
}

// A reply that was given before the connection broke counts, even where a
// later write has failed. One that never comes is not waited for for long.
func TestReplyAfterAFailedWrite(t *testing.T) {
	for _, mute := range []bool{false, true} {
		testFailedWrite(t, mute)
	}
}

func testFailedWrite(t *testing.T, mute bool) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		broken := &brokenWrites{Conn: client, left: 1000}
		r := with("PIPELINING")
		muted := false
		r.answer = func(_ int, command, usual string) string {
			if muted = muted || mute && command == "."; muted {
				return ""
			}
			if command == "." {
				time.Sleep(lateReply) // of the bubble's clock: the write has failed by then
			}
			return usual
		}
		var wg sync.WaitGroup
		wg.Go(func() { r.serve(server) })
		conn, err := new(dial.Dialer).NewConn(t.Context(), broken, dial.Endpoint{Protocol: policy.SMTP, Host: "mail.test", Policy: policy.NoTLS})
		if err != nil {
			t.Fatal(err)
		}
		c, err := smtpconn.New(t.Context(), conn, nil)
		if err != nil {
			t.Fatal(err)
		}
		to := make([]string, 150) // more than one write
		for i := range to {
			to[i] = fmt.Sprintf("r%0250d@mail.test", i)
		}
		list := []smtpconn.Message{message(note), message(note, to...)}
		begin := time.Now()
		broken.left = 2 // the first envelope, and the content with some of the second
		got := results(c.SendEach(t.Context(), slices.Values(list)))
		if len(got) != 2 || (got[0].err != nil) != mute || mute && got[0].err.Outcome != smtpconn.InDoubt || got[1].err == nil || got[1].err.Outcome != smtpconn.NotSent {
			t.Errorf("%+v", got)
		}
		if waited := time.Since(begin); waited > time.Second+lateReply {
			t.Errorf("waited %v", waited)
		}
		c.Abort()
		server.Close()
		wg.Wait()
	})
}

const lateReply = 100 * time.Millisecond

// brokenWrites fails all writes but the next few.
type brokenWrites struct {
	net.Conn
	left int
}

func (b *brokenWrites) Write(p []byte) (int, error) {
	if b.left--; b.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return b.Conn.Write(p)
}
