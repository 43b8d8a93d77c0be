package attacks_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/internal/test/sessions"
	"github.com/mailconn/mailconn/policy"
)

// canned is a connection to a server whose every word is known before: it
// answers each line that it is sent with one more piece of its text.
type canned struct {
	pieces [][]byte
	ready  []byte
	said   []byte
}

func newCanned(text []byte) *canned {
	c := &canned{pieces: bytes.SplitAfter(text, []byte("|"))}
	c.next()
	return c
}

func (c *canned) next() {
	if len(c.pieces) > 0 {
		c.ready = append(c.ready, bytes.TrimSuffix(c.pieces[0], []byte("|"))...)
		c.pieces = c.pieces[1:]
	}
}

func (c *canned) Read(p []byte) (int, error) {
	if len(c.ready) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.ready)
	c.ready = c.ready[n:]
	return n, nil
}

func (c *canned) Write(p []byte) (int, error) {
	c.said = append(c.said, p...)
	tag, _, _ := bytes.Cut(p, []byte(" "))
	if len(c.pieces) > 0 {
		c.pieces[0] = bytes.ReplaceAll(c.pieces[0], []byte("<tag>"), tag)
	}
	c.next()
	return len(p), nil
}

func (c *canned) Close() error                     { return nil }
func (c *canned) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (c *canned) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (c *canned) SetDeadline(time.Time) error      { return nil }
func (c *canned) SetReadDeadline(time.Time) error  { return nil }
func (c *canned) SetWriteDeadline(time.Time) error { return nil }

// FuzzConnect gives a server's whole text to each protocol under each policy,
// up to an authenticated session in the clear. Whatever the text is, the call
// returns; what fails is typed and printable; nothing secret is said under a
// policy with TLS; no login succeeds, and no handshake begins, without the
// server's exact words for it.
func FuzzConnect(f *testing.F) {
	for _, text := range []string{
		"* OK [CAPABILITY IMAP4rev1 SASL-IR STARTTLS AUTH=PLAIN] x\r\n|<tag> OK [CAPABILITY IMAP4rev1] y\r\n",
		"* OK x\r\n|* CAPABILITY IMAP4rev1 AUTH=LOGIN\r\n<tag> OK y\r\n|+ VXNlcg==\r\n|+ \r\n|<tag> OK [CAPABILITY IMAP4rev1] z\r\n",
		"* PREAUTH x\r\n", "* BYE x\r\n", "* 1 FETCH (BODY[] {3}\r\nabc)\r\n|<tag> NO x\r\n",
		"220 x\r\n|250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n|220 go\r\n", "220-x\r\n220 x\r\n|250 AUTH=LOGIN\r\n|334 x\r\n",
		"220 x\r\n|250-x\r\n250 AUTH PLAIN\r\n|235 ok\r\n", "220 x\r\n|502 x\r\n|250 x\r\n", "421 x\r\n",
		"+OK <1@x>\r\n|+OK\r\nSTLS\r\nSASL PLAIN\r\n.\r\n|+OK x\r\n", "+OK\r\n|-ERR x\r\n|+OK\r\n|+OK\r\n", "-ERR [SYS/TEMP] x\r\n",
		"\x16\x03\x03\x00\x02\x01\x00", "\x15\x03\x03\x00\x02\x02\x28", "HTTP/1.1 400 x\r\n\r\n", "",
	} {
		for p := range byte(12) {
			f.Add(p, []byte(text))
		}
	}
	cases, err := script.Cases()
	if err != nil {
		f.Fatal(err)
	}
	for i, c := range cases {
		if words := c.Words(); len(words) < 4096 {
			f.Add(byte(i), []byte(strings.Join(words, "|")))
		}
	}
	f.Fuzz(func(t *testing.T, which byte, text []byte) {
		protocol := []policy.Protocol{policy.IMAP, policy.POP3, policy.SMTP}[which%3]
		pol := script.Policies()[which/3%4]
		conn := newCanned(text)
		err := connectCanned(t.Context(), conn, protocol, pol)
		checkFuzzed(t, conn, protocol, pol, text, err)
	})
}

func connectCanned(ctx context.Context, conn net.Conn, protocol policy.Protocol, pol policy.Policy) error {
	c, err := new(dial.Dialer).NewConn(ctx, conn, dial.Endpoint{Protocol: protocol, Host: "mail.test", Policy: pol})
	if err != nil {
		return err
	}
	creds := credentials()
	creds.InsecureCleartext = pol == policy.NoTLS
	s, err := sessions.New(ctx, c, creds)
	if err == nil {
		s.Abort()
	}
	return err
}

func checkFuzzed(t *testing.T, conn *canned, protocol policy.Protocol, pol policy.Policy, text []byte, err error) {
	upper := strings.ToUpper(string(text))
	said := string(conn.said)
	accepted := map[policy.Protocol]string{policy.IMAP: "<TAG> OK", policy.POP3: "+OK", policy.SMTP: "235"}[protocol]
	begin := map[policy.Protocol]string{policy.IMAP: "<TAG> OK", policy.POP3: "+OK", policy.SMTP: "220"}[protocol]
	var e *dial.Error
	switch {
	case err == nil && (pol != policy.NoTLS || !strings.Contains(upper, accepted)):
		t.Errorf("logged in under %v", pol)
	case err != nil && !errors.As(err, &e):
		t.Errorf("not a dial.Error: %v", err)
	case err != nil:
		checkText(t, e.Error())
		checkText(t, e.Hint())
	}
	if pol != policy.NoTLS {
		if leaks := script.Leaks(conn.said, canaryUser, canaryPassword); leaks != nil {
			t.Errorf("said %q", said)
		}
	}
	if hello := strings.Contains(said, "\x16\x03\x01"); hello && pol.STARTTLS() && strings.Count(upper, begin) < 1 {
		t.Errorf("handshake begun without the word for it: %q", text)
	}
}
