package dial_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/peers/memstore"
	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/internal/test/sockettest"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/internal/upgrade"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/smtpconn"
)

// checkHint wants a hint with all the words in it, "" for none, and nothing
// that leads to a connection without TLS.
func checkHint(t *testing.T, name string, err *dial.Error, words ...string) {
	t.Helper()
	hint := err.Hint()
	if (hint == "") != (len(words) == 0) || hint != wire.Printable(hint) {
		t.Errorf("%s: %q", name, hint)
	}
	for _, w := range words {
		if !strings.Contains(hint, w) {
			t.Errorf("%s: %q is not in %q", name, w, hint)
		}
	}
	for _, bad := range []string{"+plain", "+opportunistic", "no-tls", "NoTLS", "InsecureAuth", "without TLS", "disable", "turn off"} {
		if strings.Contains(hint, bad) {
			t.Errorf("%s suggests going without TLS: %q", name, hint)
		}
	}
	if len(hint) > 0 && !strings.HasSuffix(hint, ".") && !strings.HasSuffix(hint, "?") {
		t.Errorf("%s: no sentence: %q", name, hint)
	}
}

func TestHints(t *testing.T) {
	type v = policy.Violation
	on := func(p policy.Protocol, pol policy.Policy, port uint16) dial.Endpoint {
		return dial.Endpoint{Protocol: p, Host: "h", Port: port, Policy: pol}
	}
	imap, imaps := on(policy.IMAP, policy.RequiredSTARTTLS, 143), on(policy.IMAP, policy.ImplicitTLS, 993)
	odd := on(policy.IMAP, policy.ImplicitTLS, 143)
	pop, smtp, smtps := on(policy.POP3, policy.RequiredSTARTTLS, 110), on(policy.Submission, policy.RequiredSTARTTLS, 587), on(policy.SMTP, policy.ImplicitTLS, 465)
	proxy := &net.OpError{Op: "dial", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1080}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for _, c := range []struct {
		name  string
		phase dial.Phase
		e     dial.Endpoint
		err   error
		words []string
	}{
		{"clear IMAP on its TLS port", dial.PhaseHandshake, imaps, &v{Reason: policy.ErrNotTLS, Reply: "* OK x"}, []string{"clear-text IMAP", "imap://h:993", "STARTTLS"}},
		{"clear IMAP on another port", dial.PhaseHandshake, odd, &v{Reason: policy.ErrNotTLS, Reply: "* ok x"}, []string{"imap://h:143", "993"}},
		{"clear SMTP for SMTP", dial.PhaseHandshake, smtps, &v{Reason: policy.ErrNotTLS, Reply: "220-x"}, []string{"clear-text SMTP", "smtp://h:465"}},
		{"clear SMTP for IMAP", dial.PhaseHandshake, imaps, &v{Reason: policy.ErrNotTLS, Reply: "220 x"}, []string{"clear-text SMTP", "check port and protocol"}},
		{"clear POP3 for IMAP", dial.PhaseHandshake, imaps, &v{Reason: policy.ErrNotTLS, Reply: "+OK x"}, []string{"clear-text POP3"}},
		{"HTTP for IMAP", dial.PhaseHandshake, imaps, &v{Reason: policy.ErrNotTLS, Reply: "HTTP/1.1 400"}, []string{"clear-text HTTP"}},
		{"something in the clear", dial.PhaseHandshake, imaps, &v{Reason: policy.ErrNotTLS, Reply: "hello"}, []string{"h:993 does not speak TLS"}},
		{"TLS on the clear port", dial.PhaseGreeting, imap, &v{Reason: policy.ErrMalformed, Err: upgrade.ErrSpeaksTLS}, []string{"expects TLS from the first byte", "imaps://h:993"}},
		{"TLS on an odd port", dial.PhaseGreeting, on(policy.IMAP, policy.RequiredSTARTTLS, 44717), &v{Reason: policy.ErrMalformed, Err: upgrade.ErrSpeaksTLS}, []string{"use imaps://h:44717."}},
		{"masked", dial.PhaseSTARTTLS, smtp, &v{Reason: policy.ErrNotOffered, Err: upgrade.ErrMasked}, []string{"firewall", "STARTTLS"}},
		{"SMTP for IMAP", dial.PhaseGreeting, imap, &v{Reason: policy.ErrMalformed, Reply: "220 x"}, []string{"speaks SMTP", "IMAP"}},
		{"IMAP for POP3", dial.PhaseGreeting, pop, &v{Reason: policy.ErrMalformed, Reply: "* OK x"}, []string{"speaks IMAP", "POP3"}},
		{"POP3 for submission", dial.PhaseGreeting, smtp, &v{Reason: policy.ErrMalformed, Reply: "+OK x"}, []string{"speaks POP3", "SMTP"}},
		{"SSH", dial.PhaseGreeting, imap, &v{Reason: policy.ErrMalformed, Reply: "SSH-2.0-x"}, []string{"speaks SSH"}},
		{"garbage", dial.PhaseGreeting, imap, &v{Reason: policy.ErrMalformed, Reply: "x"}, []string{"does not answer as IMAP"}},
		{"not offered", dial.PhaseSTARTTLS, smtp, &v{Reason: policy.ErrNotOffered}, []string{"does not offer TLS", "submissions://h:465"}},
		{"remembered", dial.PhaseSTARTTLS, smtp, &v{Reason: policy.ErrRemembered}, []string{"had TLS before", "network", "forget"}},
		{"memory failed", dial.PhaseCapability, smtp, &v{Reason: policy.ErrMemory}, []string{"store", "network"}},
		{"version lowered", dial.PhaseHandshake, imaps, &v{Reason: policy.ErrVersionLowered}, []string{"older"}},
		{"SCRAM gone", dial.PhaseAuth, imaps, &v{Reason: policy.ErrAuthLowered}, []string{"password", "shown"}},
		{"pin mismatch", dial.PhaseHandshake, imaps, &v{Reason: policy.ErrPinMismatch}, []string{"key", "set up"}},
		{"refused for now", dial.PhaseSTARTTLS, smtp, &v{Protocol: policy.SMTP, Reason: policy.ErrRefused, Reply: "454 x", Transient: true}, []string{"again later"}},
		{"refused greeting", dial.PhaseGreeting, smtp, &v{Protocol: policy.SMTP, Reason: policy.ErrRefused, Reply: "554 x"}, []string{"its words"}},
		{"refused STARTTLS", dial.PhaseSTARTTLS, imap, &v{Protocol: policy.IMAP, Reason: policy.ErrRefused, Reply: "NO x"}, []string{"refuses", "imaps://h:993"}},
		{"injected", dial.PhaseSTARTTLS, imap, &v{Reason: policy.ErrInjected}, []string{"do not trust this network"}},
		{"PREAUTH", dial.PhaseGreeting, imap, &v{Reason: policy.ErrPreauth}, []string{"do not trust this network"}},
		{"unverified", dial.PhaseAuth, imap, &v{Reason: policy.ErrUnverifiedAuth}, []string{"not checked", "trust"}},
		{"connection refused", dial.PhaseConnect, imaps, refused, []string{"Nothing listens on h:993", "993"}},
		{"no such host", dial.PhaseConnect, imaps, &net.DNSError{IsNotFound: true}, []string{"no host named h"}},
		{"no DNS", dial.PhaseConnect, imaps, &net.DNSError{IsTemporary: true}, []string{"name server"}},
		{"DNS takes all the time", dial.PhaseConnect, imaps, fmt.Errorf("%w: %w", context.DeadlineExceeded, &net.DNSError{IsTimeout: true}), []string{"name server"}},
		{"closed by this program", dial.PhaseSession, imaps, net.ErrClosed, []string{"This program gave"}},
		{"a tunnel of the program's was closed", dial.PhaseConnect, imaps, &wire.Detour{Err: net.ErrClosed}, []string{"tunnel", "Nothing is known"}},
		{"no route", dial.PhaseConnect, imaps, &net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}, []string{"no route"}},
		{"time-out, connect", dial.PhaseConnect, imaps, context.DeadlineExceeded, []string{"No answer from h:993", "firewall"}},
		{"time-out, greeting", dial.PhaseGreeting, imap, context.DeadlineExceeded, []string{"says nothing", "imaps://h:993"}},
		{"time-out, greeting in TLS", dial.PhaseGreeting, imaps, context.DeadlineExceeded, []string{"phase greeting"}},
		{"time-out, capability", dial.PhaseCapability, imap, context.DeadlineExceeded, []string{"phase capability"}},
		{"time-out, starttls", dial.PhaseSTARTTLS, imap, context.DeadlineExceeded, []string{"phase starttls"}},
		{"time-out, handshake", dial.PhaseHandshake, imaps, os.ErrDeadlineExceeded, []string{"TLS handshake"}},
		{"time-out, auth", dial.PhaseAuth, imaps, context.DeadlineExceeded, []string{"phase auth"}},
		{"cancelled", dial.PhaseConnect, imaps, context.Canceled, []string{"This program gave"}},
		{"closed in the handshake", dial.PhaseHandshake, imaps, &wire.Closed{Err: io.EOF}, []string{"hung up", "1.2", "CurvePreferences", "NoALPN"}},
		{"closed before the greeting", dial.PhaseGreeting, imap, &wire.Closed{Err: io.EOF}, []string{"without a word"}},
		{"closed for want of a certificate", dial.PhaseGreeting, smtp, wire.Hangup("421 4.7.1 No client certificate presented"), []string{"client certificate"}},
		{"closed in a line", dial.PhaseGreeting, smtp, &wire.Closed{Partial: "421 bu", Err: io.EOF}, []string{"in the middle of its words"}},
		{"closed with words", dial.PhaseSTARTTLS, smtp, wire.Hangup("421 x"), []string{"its words"}},
		{"alert 40", dial.PhaseHandshake, imaps, remote(40), []string{"no TLS settings in common", "CipherSuites", "CurvePreferences"}},
		{"alert 42", dial.PhaseHandshake, imaps, remote(42), []string{"client certificate"}},
		{"alert 70", dial.PhaseHandshake, imaps, remote(70), []string{"older than 1.2"}},
		{"alert 112", dial.PhaseHandshake, imaps, remote(112), []string{"name h"}},
		{"alert 116", dial.PhaseHandshake, imaps, remote(116), []string{"client certificate"}},
		{"alert 120", dial.PhaseHandshake, imaps, remote(120), []string{"another protocol", "NoALPN"}},
		{"alert 80", dial.PhaseHandshake, imaps, remote(80), []string{"alert 80", "NoALPN", "CurvePreferences"}},
		{"ALPN that was not offered", dial.PhaseHandshake, imaps, errors.New("tls: server selected unadvertised ALPN protocol"), []string{"set NoALPN"}},
		{"a curve that was not offered", dial.PhaseHandshake, imaps, errors.New("tls: server selected unsupported group"), []string{"CurvePreferences"}},
		{"pipelining", dial.PhaseSession, smtp, fmt.Errorf("%w; %w", &v{Reason: policy.ErrMalformed}, smtpconn.ErrPipelining), []string{"not SMTP", "set NoPipelining"}},
		{"pipelining, and time", dial.PhaseSession, pop, fmt.Errorf("%w; %w", os.ErrDeadlineExceeded, pop3conn.ErrPipelining), []string{"later", "set NoPipelining"}},
		{"the deadline of a call", dial.PhaseSession, pop, fmt.Errorf("%w: %w", context.DeadlineExceeded, net.ErrClosed), []string{"in the time that was allowed"}},
		{"pipelining, and our own end", dial.PhaseSession, pop, fmt.Errorf("%w; %w", net.ErrClosed, pop3conn.ErrPipelining), []string{"This program gave the connection up itself."}},
		{"a server that says so", dial.PhaseCapability, imap, &v{Reason: policy.ErrMalformed, Reply: "tls: unsupported protocol version"}, []string{"not IMAP"}},
		{"password", dial.PhaseAuth, imaps, &auth.Error{Kind: auth.KindCredentials}, []string{"user and password"}},
		{"nothing", dial.PhaseConfig, imaps, nil, nil},
		{"a setting", dial.PhaseConfig, imaps, errors.New("LocalName is bad"), []string{"setting", "LocalName is bad"}},
		{"anything", dial.PhaseSession, imaps, errors.New("x"), []string{"phase session"}},
		{"refused name", dial.PhaseCapability, smtp, &v{Reason: policy.ErrRefused, Err: line.ErrClientName}, []string{"LocalName"}},
		{"refused for now at EHLO", dial.PhaseCapability, smtp, &v{Reason: policy.ErrRefused, Transient: true}, []string{"again later", "LocalName"}},
		{"closed at EHLO", dial.PhaseCapability, smtp, wire.Hangup("421 4.7.0 Try again later, closing connection. (EHLO)"), []string{"again later", "LocalName"}},
		{"full, on the TLS port", dial.PhaseHandshake, smtps, &v{Reason: policy.ErrRefused, Transient: true, Reply: "421 x"}, []string{"again later"}},
		{"proxy refused", dial.PhaseConnect, imaps, &wire.Detour{Err: proxy}, []string{"proxy at 127.0.0.1:1080", "cannot be reached", "Nothing is known of the mail server"}},
		{"proxy says nothing", dial.PhaseConnect, imaps, &wire.Detour{Err: &net.OpError{Op: "read", Addr: proxy.Addr, Err: os.ErrDeadlineExceeded}}, []string{"proxy at 127.0.0.1:1080 was reached", "Nothing is known of the mail server"}},
		{"server's own address", dial.PhaseConnect, imaps, &wire.Detour{Err: &net.OpError{Op: "dial", Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 993}, Err: syscall.ECONNREFUSED}}, []string{"The proxy or tunnel to h:993 does not make the connection"}},
		{"proxy failed", dial.PhaseConnect, imaps, &wire.Detour{Err: errors.New("SOCKS: no")}, []string{"proxy", "Nothing is known of the mail server"}},
		{"limit", dial.PhaseGreeting, imaps, &v{Reason: policy.ErrLimit}, []string{"more than any mail server"}},
		{"vetoed", dial.PhaseCapability, imap, &v{Reason: policy.ErrVetoed}, []string{"imaps://h:993"}},
	} {
		var err error
		if c.err != nil {
			err = fmt.Errorf("wrapped: %w", c.err)
		}
		checkHint(t, c.name, &dial.Error{Phase: c.phase, Endpoint: c.e, Err: err}, c.words...)
	}
	clear := &dial.Error{Phase: dial.PhaseAuth, Endpoint: on(policy.IMAP, policy.NoTLS, 143), Err: &v{Reason: policy.ErrCleartextAuth}}
	if hint := clear.Hint(); !strings.Contains(hint, "use imaps://h:993") {
		t.Errorf("password in the clear: %q", hint)
	}
}

// handshake makes a real TLS handshake and returns its error. It needs buffers
// between the two ends, which a net.Pipe does not have: both may speak at once.
func handshake(t *testing.T, server *tls.Config, d *dial.Dialer, e dial.Endpoint) *dial.Error {
	t.Helper()
	c, s := sockettest.Pair(t, "tcp")
	go func() {
		tls.Server(s, server).Handshake()
		s.Close()
	}()
	_, err := d.NewConn(t.Context(), c, e)
	var de *dial.Error
	if !errors.As(err, &de) {
		t.Fatal(err)
	}
	return de
}

func TestHintsForCertificates(t *testing.T) {
	ca, err := dialtest.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	trust := ca.ClientConfig()
	named := ca.ClientConfig()
	named.ServerName = "sni.test"
	for _, c := range []struct {
		kind   dialtest.CertKind
		client *tls.Config
		words  []string
	}{
		{dialtest.CertExpired, trust, []string{"expired on 1 January 1999"}},
		{dialtest.CertNotYetValid, trust, []string{"valid only from 1 January 2090", "clock"}},
		{dialtest.CertWrongHost, trust, []string{"not for mail.test but for other.test"}},
		{dialtest.CertGood, named, []string{"not for sni.test but for localhost, mail.test, 127.0.0.1, ::1"}},
		{dialtest.CertCNOnly, trust, []string{`"localhost" only as its common name`}},
		{dialtest.CertSelfSigned, trust, []string{"self-signed", "trust"}},
		{dialtest.CertUnknownCA, trust, []string{`"dialtest unknown CA"`, "not trusted"}},
		{dialtest.CertMissingIntermediate, trust, []string{`"dialtest intermediate CA"`, "leaving out"}},
		{dialtest.CertClientOnly, trust, []string{"not issued for servers"}},
		{dialtest.CertWeakKey, trust, []string{"1024 bits", "2048"}},
	} {
		cert, err := ca.Certificate(c.kind)
		if err != nil {
			t.Fatal(err)
		}
		de := handshake(t, &tls.Config{Certificates: []tls.Certificate{cert}}, &dial.Dialer{TLSConfig: c.client}, imaps("mail.test"))
		var bad *tls.CertificateVerificationError
		if !errors.As(de, &bad) || de.Phase != dial.PhaseHandshake || de.Temporary() {
			t.Errorf("%v: %v", c.kind, de)
		}
		checkHint(t, c.kind.String(), de, c.words...)
	}
}

func TestHintsForVersions(t *testing.T) {
	player := scripttest.New(t)
	for _, c := range []struct{ kind, words string }{
		{"version 1.1", "older than 1.2"},
		{"ALPN http/1.1", "another protocol"},
	} {
		server, err := player.TLS(c.kind)
		if err != nil {
			t.Fatal(err)
		}
		checkHint(t, c.kind, handshake(t, server, player.Dialer(), imaps("mail.test")), c.words)
	}
	local := &dial.Error{Phase: dial.PhaseHandshake, Endpoint: imaps("h"), Err: errors.New("tls: server selected unsupported protocol version 302")}
	checkHint(t, "server that selects 1.1", local, "older than 1.2")
}

func TestHintIsPrintable(t *testing.T) {
	leaf := &x509.Certificate{DNSNames: []string{"\x1b[31m\u202e" + strings.Repeat("x", 600)}}
	e := &dial.Error{Phase: dial.PhaseHandshake, Endpoint: imaps("h"), Err: &tls.CertificateVerificationError{
		UnverifiedCertificates: []*x509.Certificate{leaf}, Err: x509.HostnameError{Certificate: leaf, Host: "h"}}}
	if hint := e.Hint(); hint != wire.Printable(hint) || hint == "" {
		t.Errorf("%q", hint)
	}
}

// The hint is more suspicious if the server was better protected before.
func TestHintsForAServerThatWasBetter(t *testing.T) {
	for _, proto := range []policy.Protocol{policy.IMAP, policy.POP3, policy.Submission} {
		for _, c := range []struct {
			policy policy.Policy
			attack dialtest.Attack
			words  string
		}{
			{policy.RequiredSTARTTLS, dialtest.Strip, "offers no TLS"},
			{policy.RequiredSTARTTLS, dialtest.Refuse, "refuses TLS"},
			{policy.OpportunisticSTARTTLS, dialtest.Refuse, "refuses TLS"},
			{policy.RequiredSTARTTLS, dialtest.Cut, "breaks off"},
			{policy.RequiredSTARTTLS, dialtest.SwapCertificate, "certificate that does not verify"},
			{policy.ImplicitTLS, dialtest.SwapCertificate, "certificate that does not verify"},
			{policy.ImplicitTLS, dialtest.Cut, "breaks off"},
			{policy.ImplicitTLS, dialtest.PlainOnTLSPort, "in the clear"},
		} {
			server := testserver.Start(t, dialtest.Config{Protocol: proto, Implicit: c.policy == policy.ImplicitTLS})
			mitm, err := dialtest.Interpose(server.Addr(), proto, c.attack)
			if err != nil {
				t.Fatal(err)
			}
			defer mitm.Close()
			d := dial.Dialer{TLSConfig: server.ClientConfig(), Peers: new(memstore.Store), NetDialer: server.NetDialer()}
			e := dial.Endpoint{Protocol: proto, Host: "mail.test", Policy: c.policy}
			conn, err := d.Dial(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			conn.Close()
			d.NetDialer = mitm.NetDialer()
			_, err = d.Dial(t.Context(), e)
			var stopped *dial.Error
			if !errors.As(err, &stopped) || stopped.Known == nil {
				t.Fatalf("%v %v %v: %v", proto, c.policy, c.attack, err)
			}
			checkHint(t, fmt.Sprint(proto, c.policy, c.attack), stopped, c.words, "over TLS before, last on", "do not trust this network")
		}
	}
}

// A certificate that has expired is no attack.
func TestHintForAKnownServerWithAnExpiredCertificate(t *testing.T) {
	ca := newCA(t)
	good := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP, CA: ca})
	old := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP, CA: ca, Cert: dialtest.CertExpired})
	d := dial.Dialer{TLSConfig: ca.ClientConfig()}
	home := learned(t, d, good.Endpoint(policy.RequiredSTARTTLS))
	d.Peers = fixed{record: &home}
	_, err := d.Dial(t.Context(), old.Endpoint(policy.RequiredSTARTTLS))
	var stopped *dial.Error
	if !errors.As(err, &stopped) {
		t.Fatal(err)
	}
	checkHint(t, "expired", stopped, "expired on")
	if strings.Contains(stopped.Hint(), "network") {
		t.Errorf("got %q", stopped.Hint())
	}
}

// There is a hint for every failure in every phase. It is made of sentences, and never
// advises to go without TLS.
func TestEveryFailureHasAHint(t *testing.T) {
	causes := []error{
		policy.ErrUnset, policy.ErrNotOffered, policy.ErrRefused, policy.ErrPreauth, policy.ErrInjected, policy.ErrNotTLS,
		policy.ErrCleartextAuth, policy.ErrUnverifiedAuth, policy.ErrMalformed, policy.ErrLimit, policy.ErrVetoed, policy.ErrRemembered,
		policy.ErrMemory, policy.ErrVersionLowered, policy.ErrAuthLowered, policy.ErrPinMismatch,
		context.Canceled, context.DeadlineExceeded, net.ErrClosed, io.EOF, io.ErrUnexpectedEOF, syscall.ECONNREFUSED, syscall.ECONNRESET,
		&net.DNSError{}, &net.DNSError{IsNotFound: true}, wire.Hangup("* BYE x"), &wire.Closed{Err: io.EOF}, errors.New("x"),
		&tls.CertificateVerificationError{UnverifiedCertificates: []*x509.Certificate{{}}, Err: errors.New("x")},
	}
	phases := []dial.Phase{
		dial.PhaseConfig, dial.PhaseConnect, dial.PhaseGreeting, dial.PhaseCapability, dial.PhaseSTARTTLS, dial.PhaseHandshake,
		dial.PhaseAuth, dial.PhaseSession,
	}
	for _, cause := range causes {
		for _, phase := range phases {
			for p := policy.IMAP; p.Valid(); p++ {
				for pol := policy.NoTLS; pol.Valid(); pol++ {
					for _, transient := range []bool{false, true} {
						err := cause
						if strings.HasPrefix(fmt.Sprintf("%T", cause), "*errors.") {
							err = &policy.Violation{Reason: cause, Reply: "x", Transient: transient}
						}
						e := &dial.Error{Phase: phase, Endpoint: dial.Endpoint{Protocol: p, Host: "h", Policy: pol}, Err: err}
						checkHint(t, fmt.Sprint(cause, phase, p, pol, transient), e, "")
					}
				}
			}
		}
	}
}
