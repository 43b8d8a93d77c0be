package dial_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/memstore"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/test/sockettest"
	"github.com/mailconn/mailconn/internal/upgrade"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// refusing answers a connection with a greeting, and each line that comes with the
// next of the answers, in which <t> stands for the line's first word.
func refusing(t *testing.T, greeting string, answers ...string) net.Conn {
	t.Helper()
	client, server := sockettest.Pair(t, "tcp")
	go func() {
		defer server.Close()
		server.Write([]byte(greeting))
		lines := bufio.NewReader(server)
		for _, answer := range answers {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			tag, _, _ := strings.Cut(line, " ")
			server.Write([]byte(strings.ReplaceAll(answer, "<t>", tag)))
		}
		io.Copy(io.Discard, lines)
	}()
	return client
}

// A refusal before TLS is reported as one, with the server's reply, whether it is
// temporary, and a hint that fits: a server that is full is not on the wrong port, and
// one that refuses the client's name does not lack STARTTLS.
func TestRefusalsBeforeTLS(t *testing.T) {
	const (
		implicit = policy.ImplicitTLS
		required = policy.RequiredSTARTTLS
		opp      = policy.OpportunisticSTARTTLS
	)
	for name, c := range map[string]struct {
		protocol  policy.Protocol
		policy    policy.Policy
		greeting  string
		answers   []string
		phase     dial.Phase
		temporary bool
		words     []string // of the error
		hint      []string
	}{
		"full, in the clear on the TLS port": {policy.Submission, implicit, "421 Too many concurrent SMTP connections; please try again later.\r\n", nil,
			dial.PhaseHandshake, true, []string{"Too many concurrent SMTP connections"}, []string{"again later"}},
		"full, in several lines": {policy.Submission, implicit, "421-mail.test is full\r\n421 try later\r\n", nil,
			dial.PhaseHandshake, true, []string{"mail.test is full", "try later"}, []string{"again later"}},
		"blocked, in the clear on the TLS port": {policy.Submission, implicit, "554 5.7.1 client blocked\r\n", nil,
			dial.PhaseHandshake, false, []string{"client blocked"}, []string{"its words say why"}},
		"BYE on the TLS port": {policy.IMAP, implicit, "* BYE [UNAVAILABLE] full\r\n", nil,
			dial.PhaseHandshake, true, []string{"full"}, []string{"again later"}},
		"-ERR on the TLS port": {policy.POP3, implicit, "-ERR [SYS/PERM] no\r\n", nil,
			dial.PhaseHandshake, false, []string{"[SYS/PERM] no"}, []string{"its words say why"}},
		"a line that breaks off": {policy.Submission, implicit, "421 Too many conn", nil,
			dial.PhaseHandshake, true, []string{"Too many conn"}, []string{"again later"}},
		"BYE without a code": {policy.IMAP, implicit, "* BYE Too many connections from your host\r\n", nil,
			dial.PhaseHandshake, true, []string{"Too many"}, []string{"again later"}},
		"BYE with an alert": {policy.IMAP, required, "* BYE [ALERT] server is shutting down\r\n", nil,
			dial.PhaseGreeting, true, []string{"shutting down"}, []string{"again later"}},
		"BYE that does not pass": {policy.IMAP, required, "* BYE go away\r\n", nil,
			dial.PhaseGreeting, false, []string{"go away"}, []string{"its words say why"}},
		"-ERR without a code": {policy.POP3, required, "-ERR Too busy\r\n", nil,
			dial.PhaseGreeting, true, []string{"Too busy"}, []string{"again later"}},
		"a code that does not pass, with words that do": {policy.POP3, required, "-ERR [SYS/PERM] busy\r\n", nil,
			dial.PhaseGreeting, false, []string{"busy"}, []string{"its words say why"}},
		"STARTTLS refused for now": {policy.IMAP, required, "* OK [CAPABILITY IMAP4rev1 STARTTLS] x\r\n", []string{"<t> NO TLS is temporarily off\r\n"},
			dial.PhaseSTARTTLS, true, []string{"temporarily"}, []string{"again later"}},
		"a long greeting that ends in a refusal": {policy.SMTP, required, "220-mx.test ESMTP\r\n521 5.7.1 client [192.0.2.7] blocked\r\n", nil,
			dial.PhaseGreeting, false, []string{"mx.test ESMTP", "[192.0.2.7] blocked"}, []string{"its words say why"}},
		"a long greeting that ends in a refusal for now": {policy.SMTP, opp, "220-mx.test ESMTP\r\n421 busy\r\n", nil,
			dial.PhaseGreeting, true, []string{"busy"}, []string{"again later"}},
		"a name that is refused as if the command were unknown": {policy.Submission, required, "220 x\r\n",
			[]string{"504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname\r\n"},
			dial.PhaseCapability, false, []string{"need fully-qualified hostname"}, []string{"LocalName"}},
		"a name that is refused, opportunistic": {policy.SMTP, opp, "220 x\r\n", []string{"501 5.5.4 HELO requires valid domain\r\n"},
			dial.PhaseCapability, false, []string{"valid domain"}, []string{"LocalName"}},
		"a name that is refused for now": {policy.SMTP, required, "220 x\r\n", []string{"450 4.7.1 <[127.0.0.1]>: Helo command rejected: Host name\r\n"},
			dial.PhaseCapability, true, []string{"Helo command rejected"}, []string{"LocalName"}},
		"hung up behind EHLO": {policy.Submission, required, "220 x\r\n", []string{"421-4.7.0 Try again later,\r\n421 4.7.0 closing connection. (EHLO)\r\n"},
			dial.PhaseCapability, true, []string{"Try again later,"}, []string{"LocalName"}},
		"CAPABILITY refused": {policy.IMAP, opp, "* OK x\r\n", []string{"* NO later\r\n<t> NO [UNAVAILABLE] not now\r\n"},
			dial.PhaseCapability, true, []string{"not now"}, []string{"again later"}},
	} {
		conn := refusing(t, c.greeting, c.answers...)
		_, err := new(dial.Dialer).NewConn(t.Context(), conn, dial.Endpoint{Protocol: c.protocol, Host: "mail.test", Policy: c.policy})
		var failed *dial.Error
		if !errors.As(err, &failed) || failed.Phase != c.phase || failed.Temporary() != c.temporary || errors.Is(err, policy.ErrNotOffered) || errors.Is(err, policy.ErrNotTLS) {
			t.Errorf("%s: %v, temporary %v", name, err, failed.Temporary())
			continue
		}
		for _, words := range c.words {
			if !strings.Contains(err.Error(), words) {
				t.Errorf("%s: %q is not in %v", name, words, err)
			}
		}
		checkHint(t, name, failed, c.hint...)
		if strings.Contains(failed.Hint(), "STARTTLS)") {
			t.Errorf("%s: told to change the policy: %s", name, failed.Hint())
		}
	}
}

// Servers refuse the name after EHLO with any code and many words. Each is a refusal
// whose hint names LocalName, and not one of the command.
func TestClientNameIsRefused(t *testing.T) {
	for _, reply := range []string{
		"550 Invalid HELO", "550 5.7.1 <x>: Helo command rejected: Access denied", "501 Syntactically invalid EHLO argument(s)", "501 5.5.4 Invalid Address",
		"501 Syntax error", "550-Bad HELO\r\n550 go away", "550 Access denied - Invalid HELO name", "553 sorry, your HELO is an IP", "550 5.5.0 Invalid EHLO domain",
		"500 Invalid hostname", "502 5.5.4 not like this", "554 5.7.1 Bogus HELO string", "504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname",
	} {
		for pol := policy.NoTLS; pol.Valid(); pol++ {
			if pol == policy.ImplicitTLS {
				continue
			}
			conn := refusing(t, "220 x\r\n", reply+"\r\n", "502 no\r\n")
			dialed, err := new(dial.Dialer).NewConn(t.Context(), conn, dial.Endpoint{Protocol: policy.SMTP, Host: "mail.test", Policy: pol})
			if err == nil { // without TLS EHLO is for the session to say
				_, err = smtpconn.New(t.Context(), dialed, nil)
			}
			var failed *dial.Error
			if !errors.As(err, &failed) || failed.Phase != dial.PhaseCapability || !errors.Is(err, policy.ErrRefused) || failed.Temporary() {
				t.Errorf("%v, %s: %v", pol, reply, err)
				continue
			}
			checkHint(t, reply, failed, "does not accept the name", "LocalName")
		}
	}
}

// A wrong port, and a server without a list, are still reported as such.
func TestNoRefusal(t *testing.T) {
	for name, c := range map[string]struct {
		policy   policy.Policy
		greeting string
		answers  []string
		want     error
	}{
		"a clear greeting":           {policy.ImplicitTLS, "220 mail.test ESMTP\r\n", nil, policy.ErrNotTLS},
		"a refusal of the handshake": {policy.ImplicitTLS, "554 SMTP synchronization error\r\n", nil, policy.ErrNotTLS},
		"another protocol's refusal": {policy.ImplicitTLS, "* BYE x\r\n", nil, policy.ErrNotTLS},
		"no EHLO":                    {policy.RequiredSTARTTLS, "220 x\r\n", []string{"502 5.5.1 Command not implemented\r\n"}, policy.ErrNotOffered},
		"a refusal taken back":       {policy.RequiredSTARTTLS, "421-x\r\n220 y\r\n", nil, policy.ErrMalformed},
	} {
		conn := refusing(t, c.greeting, c.answers...)
		_, err := new(dial.Dialer).NewConn(t.Context(), conn, dial.Endpoint{Protocol: policy.Submission, Host: "mail.test", Policy: c.policy})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A keyword of X's in the place of STARTTLS is a firewall's work. The error says so where
// STARTTLS was missed for it, and so does the hint, unless the server is remembered.
func TestMaskedKeyword(t *testing.T) {
	known := &memstore.Store{}
	record := peers.Record{Policy: policy.RequiredSTARTTLS, Verified: trust.PKIX, Version: tls.VersionTLS13, Leaf: trust.KeyHash{1}, FirstSeen: time.Now(), LastSeen: time.Now(), Lifetime: time.Hour}
	if err := known.Remember(t.Context(), peers.Peer{Protocol: policy.Submission, Host: "mail.test", Port: 587}, record); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		policy  policy.Policy
		keyword string
		answer  string
		reason  error
		masked  bool
	}{
		"refused":         {policy.RequiredSTARTTLS, "XXXXXXXA", "500 #5.5.1 command not recognized", policy.ErrNotOffered, true},
		"remembered":      {policy.OpportunisticSTARTTLS, "XXXXXXXA", "500 #5.5.1 command not recognized", policy.ErrRemembered, true},
		"another keyword": {policy.RequiredSTARTTLS, "XFORWARD", "500 #5.5.1 command not recognized", policy.ErrNotOffered, false},
		"more X's":        {policy.RequiredSTARTTLS, "XXXXXXXXXX", "500 #5.5.1 command not recognized", policy.ErrNotOffered, false},
		"another reason":  {policy.RequiredSTARTTLS, "XXXXXXXA", "299 what", policy.ErrMalformed, false},
	} {
		var d dial.Dialer
		if c.reason == policy.ErrRemembered {
			d.Peers = known
		}
		conn := refusing(t, "220 x\r\n", "250-x\r\n250 "+c.keyword+"\r\n", c.answer+"\r\n")
		_, err := d.NewConn(t.Context(), conn, dial.Endpoint{Protocol: policy.Submission, Host: "mail.test", Policy: c.policy})
		var failed *dial.Error
		if !errors.As(err, &failed) || !errors.Is(err, c.reason) || errors.Is(err, upgrade.ErrMasked) != c.masked ||
			strings.Contains(failed.Hint(), "firewall") != (c.masked && d.Peers == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A proxy that is down is not the mail server.
func TestProxyIsDown(t *testing.T) {
	down := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1080}, Err: syscall.ECONNREFUSED}
	d := dial.Dialer{NetDialer: failing{down}}
	_, err := d.Dial(t.Context(), imaps("mail.test"))
	var failed *dial.Error
	if !errors.As(err, &failed) || !errors.Is(err, syscall.ECONNREFUSED) || failed.Phase != dial.PhaseConnect || !failed.Temporary() {
		t.Fatal(err)
	}
	checkHint(t, "proxy", failed, "proxy at 127.0.0.1:1080", "Nothing is known of the mail server")
}

type failing struct{ err error }

func (f failing) DialContext(context.Context, string, string) (net.Conn, error) { return nil, f.err }
