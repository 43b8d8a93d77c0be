package smtpconn_test

import (
	"errors"
	"io"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/smtpconn"
)

// Text beyond ASCII goes where the server takes it, without a word of the caller.
// Where it does not, content that can be sought is found out before anything is said,
// and other content at the latest when the first such byte comes.
func TestEightBit(t *testing.T) {
	const text = "Subject: gr\u00fc\u00dfe\r\n\r\n\u00fc\r\n"
	late := strings.Repeat("0123456789\r\n", 5000) + text
	for _, c := range []struct {
		name       string
		extensions []string
		body       smtp.BodyType
		content    io.Reader
		sent       bool
		said       string // in MAIL
		alive      bool
	}{
		{"listed", all, "", strings.NewReader(text), true, " BODY=8BITMIME", true},
		{"listed, late", all, "", hidden(late), true, " BODY=8BITMIME", true},
		{"listed, ASCII", all, "", strings.NewReader(note), true, " BODY=8BITMIME", true},
		{"7BIT", all, smtp.Body7Bit, strings.NewReader(text), false, "", true},
		{"7BIT, late", all, smtp.Body7Bit, strings.NewReader(late), false, "", true},
		{"7BIT, ASCII", all, smtp.Body7Bit, strings.NewReader(note), true, " BODY=7BIT", true},
		{"not listed", []string{"PIPELINING"}, "", strings.NewReader(text), false, "", true},
		{"not listed, late", []string{"PIPELINING"}, "", strings.NewReader(late), false, "", true},
		{"not listed, cannot be sought", []string{"PIPELINING"}, "", hidden(text), false, "", true},
		{"not listed, late, cannot be sought", []string{"PIPELINING"}, "", hidden(late), false, "", false},
		{"not listed, Seek fails", []string{"PIPELINING"}, "", unseekable{hidden(text)}, false, "", true},
		{"not listed, ASCII", []string{"PIPELINING"}, "", strings.NewReader(strings.Repeat(note, 3000)), true, "", true},
	} {
		r := with(c.extensions...)
		client, hangUp := dialRelay(t, r, nil)
		e := envelope()
		e.Mail = &smtp.MailOptions{Body: c.body}
		_, err := client.Send(t.Context(), e, c.content)
		if c.sent != (err == nil) || !c.sent && (!errors.Is(err, smtpconn.ErrEightBit) || !errors.Is(err, smtpconn.NotSent) || asResult(nil, err).err.Phase != smtpconn.PhaseContent) {
			t.Errorf("%s: %v", c.name, err)
		}
		if line, _, _ := strings.Cut(r.wire(), "\r\n"); c.sent && strings.Contains(line, "BODY") != (c.said != "") || !strings.Contains(line, c.said) || !c.sent && c.alive && line != "" {
			t.Errorf("%s: said %q", c.name, line)
		}
		if c.alive != (client.Check() == nil) {
			t.Errorf("%s: %v", c.name, client.Check())
		}
		hangUp()
		if (len(r.took()) == 1) != c.sent {
			t.Errorf("%s: %d taken", c.name, len(r.took()))
		}
	}
}

type unseekable struct{ io.Reader }

func (unseekable) Seek(int64, int) (int64, error) { return 0, errors.New("a pipe") }

// Content that was looked through is sent from where it stood.
func TestLookThroughSeeksBack(t *testing.T) {
	r := with("PIPELINING")
	c, hangUp := dialRelay(t, r, nil)
	defer hangUp()
	content := strings.NewReader("skipped\r\n" + note)
	content.Seek(9, io.SeekStart)
	if _, err := c.Send(t.Context(), envelope(), content); err != nil || r.took()[0].body != note {
		t.Errorf("%v, %+v", err, r.took())
	}
}

// A domain beyond ASCII goes as it is with SMTPUTF8, and else as an A-label; a local
// part beyond ASCII needs SMTPUTF8. The receipt names what the envelope does.
func TestInternationalAddresses(t *testing.T) {
	for _, c := range []struct {
		extensions []string
		from, to   string
		mail, rcpt string
	}{
		{all, "a@b\u00fccher.example", "c@x.test", "MAIL FROM:<a@b\u00fccher.example> BODY=8BITMIME SIZE=20 SMTPUTF8", "RCPT TO:<c@x.test>"},
		{[]string{"PIPELINING"}, "a@b\u00fccher.example", "c@B\u00dcCHER.example", "MAIL FROM:<a@xn--bcher-kva.example>", "RCPT TO:<c@xn--bcher-kva.example>"},
		{[]string{"PIPELINING"}, "", "\"a b\"@b\u00fccher.example", "MAIL FROM:<>", "RCPT TO:<\"a b\"@xn--bcher-kva.example>"},
		{[]string{"PIPELINING"}, "a@x.test", "j\u00f6rg@x.test", "", ""},
		{[]string{"PIPELINING"}, "j\u00f6rg@x.test", "a@x.test", "", ""},
		{[]string{"PIPELINING"}, "a@x.test", "a@b\u00fc_cher.example", "", ""}, // no domain
	} {
		r := with(c.extensions...)
		client, hangUp := dialRelay(t, r, nil)
		receipt, err := client.Send(t.Context(), smtpconn.Envelope{From: c.from, To: []string{c.to}}, strings.NewReader(note))
		hangUp()
		lines := strings.Split(r.wire(), "\r\n")
		var missing *smtpconn.ExtensionError
		switch {
		case c.mail == "" && (!errors.As(err, &missing) || missing.Keyword != "SMTPUTF8" || r.wire() != ""):
			t.Errorf("%s: %v, said %q", c.to, err, r.wire())
		case c.mail != "" && (err != nil || !slices.Equal(lines[:2], []string{c.mail, c.rcpt}) || receipt.Accepted[0] != c.to):
			t.Errorf("%s: %v, said %q", c.to, err, lines[:2])
		}
	}
}

// Addresses as net/mail gives them make an envelope, and one that can be sent.
func TestNewEnvelope(t *testing.T) {
	for text, want := range map[string]string{
		"Ann <ann@example.org>":              "ann@example.org",
		"ann@example.org":                    "ann@example.org",
		`"Doe, Joe" <"joe doe"@example.org>`: `"joe doe"@example.org`,
		`"a\"b\\c"@example.org`:              `"a\"b\\c"@example.org`,
		"J\u00f6rg <j\u00f6rg@example.org>":  "j\u00f6rg@example.org",
		"<@example.org>":                     "",
	} {
		a, err := mail.ParseAddress(text)
		if err != nil {
			if want != "" {
				t.Error(text, err)
			}
			continue
		}
		e := smtpconn.NewEnvelope(a, a, &mail.Address{Name: "x", Address: "b@x.test"})
		if e.From != want || !slices.Equal(e.To, []string{want, "b@x.test"}) {
			t.Errorf("%s: %q, %q", text, e.From, e.To)
		}
		r := with(all...)
		c, hangUp := dialRelay(t, r, nil)
		if _, err := c.Send(t.Context(), e, strings.NewReader(note)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		hangUp()
	}
	if e := smtpconn.NewEnvelope(nil, &mail.Address{}, nil); e.From != "" || !slices.Equal(e.To, []string{"", ""}) {
		t.Errorf("%+v", e)
	}
}

// The error of a bare line end says what to do.
func TestLineEndsSayHow(t *testing.T) {
	c, hangUp := dialRelay(t, with(all...), nil)
	defer hangUp()
	if _, err := c.Send(t.Context(), envelope(), strings.NewReader("a\nb\n")); err == nil || !strings.Contains(err.Error(), "NormalizeLines") {
		t.Error(err)
	}
}

// An address as it stands in a header is an error that says what takes it.
func TestAddressOfHeader(t *testing.T) {
	for address, hint := range map[string]bool{"Bob <b@mail.test>": true, "<b@mail.test>": true, "b c": false, "b@x>": false} {
		c, hangUp := dialRelay(t, with(), nil)
		_, err := c.Send(t.Context(), envelope(address), strings.NewReader(note))
		hangUp()
		if !errors.Is(err, smtpconn.ErrAddress) || strings.Contains(err.Error(), "NewEnvelope") != hint {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// A reply of several lines is shown on one. A refusal has each code once.
func TestReplyOfSeveralLines(t *testing.T) {
	for reply, want := range map[string]string{
		"550-5.1.1 no such\r\n550 5.1.1 user":            "550 5.1.1 no such user",
		"550 5.1.1":                                      "550 5.1.1",
		"550-5.1.1\r\n550-5.1.1\r\n550 5.1.1 no":         "550 5.1.1 no",
		"550-5.1.1 no such user\r\n550 5.1.15 is better": "550 5.1.1 no such user 5.1.15 is better",
		"421-4.7.0 too fast\r\n421 4.7.0 come again":     "421 4.7.0 too fast come again",
	} {
		r := with("PIPELINING")
		r.answer = func(_ int, command, usual string) string {
			if strings.HasPrefix(command, "RCPT") {
				return reply
			}
			return usual
		}
		c, hangUp := dialRelay(t, r, nil)
		_, err := c.Send(t.Context(), envelope(), strings.NewReader(note))
		if got := asResult(nil, err).err; len(got.Refused) != 1 || !strings.HasSuffix(got.Refused[0].String(), ": "+want) {
			t.Errorf("%q: %v", reply, err)
		}
		if strings.HasPrefix(reply, "421") && (c.Err() == nil || !strings.Contains(c.Err().Error(), `"421 4.7.0 too fast 4.7.0 come again"`)) {
			t.Errorf("%q: %v", reply, c.Err())
		}
		hangUp()
	}
}
