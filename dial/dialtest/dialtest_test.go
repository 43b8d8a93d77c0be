package dialtest_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

const (
	canaryUser     = "canary-user"
	canaryPassword = "canary-password"
)

func protocols() []policy.Protocol {
	return []policy.Protocol{policy.IMAP, policy.POP3, policy.Submission, policy.SMTP}
}

func dialTo(t *testing.T, srv *dialtest.Server, e dial.Endpoint) (*dial.Conn, error) {
	t.Helper()
	d := dial.Dialer{TLSConfig: srv.ClientConfig(), Timeout: 5 * time.Second}
	conn, err := d.Dial(t.Context(), e)
	if err == nil {
		t.Cleanup(func() { conn.Close() })
	}
	return conn, err
}

// last waits until the only connection has ended, and returns its record.
func last(t *testing.T, srv interface {
	Close() error
	Sessions() []dialtest.Session
}) dialtest.Session {
	t.Helper()
	srv.Close()
	all := srv.Sessions()
	if len(all) != 1 {
		t.Fatalf("%d sessions, want 1: %+v", len(all), all)
	}
	return all[0]
}

// What servers list besides the ways to log in: IMAP after the login, and SMTP.
const (
	imapList = "IMAP4rev1 IDLE NAMESPACE UNSELECT UIDPLUS MOVE ENABLE ID ESEARCH SPECIAL-USE LIST-STATUS CONDSTORE QRESYNC LITERAL+ MULTIAPPEND STATUS=SIZE COMPRESS=DEFLATE"
	ehloList = "S: 250-mail.test\nS: 250-PIPELINING\nS: 250-CHUNKING\nS: 250-8BITMIME\nS: 250-BINARYMIME\nS: 250-SMTPUTF8\nS: 250-SIZE\nS: 250-DSN"
)

// talk plays a dialogue: "C: " lines are sent, "S: " lines expected. <imap> and
// <ehlo> stand for the lists, and \n for the end of a line that another is sent with.
func talk(t *testing.T, conn io.ReadWriter, r *bufio.Reader, script string) {
	t.Helper()
	script = strings.NewReplacer("<imap>", imapList, "<ehlo>", ehloList).Replace(script)
	for line := range strings.SplitSeq(strings.TrimSpace(script), "\n") {
		who, text, _ := strings.Cut(strings.TrimLeft(line, "\t"), ": ")
		if who == "C" {
			if _, err := io.WriteString(conn, strings.ReplaceAll(text, `\n`, "\r\n")+"\r\n"); err != nil {
				t.Fatalf("sending %q: %v", text, err)
			}
			continue
		}
		got, err := r.ReadString('\n')
		if err != nil || got != text+"\r\n" {
			t.Fatalf("server says %q, %v, want %q", got, err, text)
		}
	}
}

func TestPolicies(t *testing.T) {
	for _, proto := range protocols() {
		for _, p := range []policy.Policy{policy.NoTLS, policy.ImplicitTLS, policy.OpportunisticSTARTTLS, policy.RequiredSTARTTLS} {
			t.Run(proto.String()+" "+p.String(), func(t *testing.T) {
				srv := testserver.Start(t, dialtest.Config{Protocol: proto, Implicit: p == policy.ImplicitTLS})
				conn, err := dialTo(t, srv, srv.Endpoint(p))
				if err != nil {
					t.Fatal(err)
				}
				if got, want := conn.Security().Confidential(), p != policy.NoTLS; got != want {
					t.Errorf("confidential: %v, want %v", got, want)
				}
				conn.Close()
				s := last(t, srv)
				if clear := string(s.Clear); !clearAllowed(p, clear) {
					t.Errorf("%q was sent in the clear", clear)
				}
			})
		}
	}
}

// clearAllowed reports whether nothing but the upgrade was sent in the clear.
func clearAllowed(p policy.Policy, clear string) bool {
	if !p.STARTTLS() {
		return clear == ""
	}
	return strings.HasSuffix(clear, "STARTTLS\r\n") || strings.HasSuffix(clear, "STLS\r\n")
}

func TestNotOffered(t *testing.T) {
	for _, proto := range protocols() {
		srv := testserver.Start(t, dialtest.Config{Protocol: proto, NoSTARTTLS: true})
		if _, err := dialTo(t, srv, srv.Endpoint(policy.RequiredSTARTTLS)); !errors.Is(err, policy.ErrNotOffered) {
			t.Errorf("%v: required: %v", proto, err)
		}
		conn, err := dialTo(t, srv, srv.Endpoint(policy.OpportunisticSTARTTLS))
		if err != nil || conn.Security().Downgrade == nil {
			t.Errorf("%v: opportunistic: %v", proto, err)
		}
	}
}

func TestGreetings(t *testing.T) {
	tests := []struct {
		proto    policy.Protocol
		greeting string
		want     error
	}{
		{policy.IMAP, "* PREAUTH welcome back", policy.ErrPreauth},
		{policy.IMAP, "* BYE go away", policy.ErrRefused},
		{policy.POP3, "-ERR [SYS/TEMP] go away", policy.ErrRefused},
		{policy.SMTP, "554 go away", policy.ErrRefused},
		{policy.SMTP, "HTTP/1.1 400 Bad Request", policy.ErrMalformed},
	}
	for _, tt := range tests {
		srv := testserver.Start(t, dialtest.Config{Protocol: tt.proto, Greeting: tt.greeting})
		if _, err := dialTo(t, srv, srv.Endpoint(policy.RequiredSTARTTLS)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.greeting, err, tt.want)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, c := range []dialtest.Config{
		{},
		{Protocol: policy.IMAP, Greeting: "* OK\r\n* OK"},
		{Protocol: policy.IMAP, Cert: 99},
	} {
		if srv, err := dialtest.NewServer(c); err == nil {
			srv.Close()
			t.Errorf("%+v: no error", c)
		}
	}
	if m, err := dialtest.Interpose("127.0.0.1:1", policy.IMAP, 99); err == nil {
		m.Close()
		t.Error("unknown attack: no error")
	}
}

func TestCloseEndsConnections(t *testing.T) {
	t.Parallel()
	srv := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP})
	tcp, err := net.Dial("tcp", srv.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	pipe := srv.Pipe()
	defer pipe.Close()
	for _, conn := range []net.Conn{tcp, pipe} {
		if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if err := srv.Close(); err != nil {
		t.Fatal(err)
	}
	for _, conn := range []net.Conn{tcp, pipe, srv.Pipe()} {
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("connection still open")
		}
	}
	if n := len(srv.Sessions()); n != 2 {
		t.Errorf("%d sessions, want 2", n)
	}
}

func TestClientCertificate(t *testing.T) {
	ca, err := dialtest.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.ClientCertificate()
	if err != nil {
		t.Fatal(err)
	}
	settings := &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert}
	srv := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP, CA: ca, TLS: settings, Implicit: true})
	if _, err := dialTo(t, srv, srv.Endpoint(policy.ImplicitTLS)); err == nil {
		t.Error("accepted without a certificate")
	}
	d := dial.Dialer{TLSConfig: ca.ClientConfig()}
	d.TLSConfig.Certificates = []tls.Certificate{cert}
	conn, err := d.Dial(context.Background(), srv.Endpoint(policy.ImplicitTLS))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestOldTLSIsRefused(t *testing.T) {
	old := &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	srv := testserver.Start(t, dialtest.Config{Protocol: policy.POP3, TLS: old})
	_, err := dialTo(t, srv, srv.Endpoint(policy.RequiredSTARTTLS))
	var stopped *dial.Error
	if !errors.As(err, &stopped) || stopped.Phase != dial.PhaseHandshake {
		t.Errorf("%v, want an error of the handshake", err)
	}
}

func TestNames(t *testing.T) {
	var seen []string
	for a := dialtest.Honest; a <= dialtest.PlainOnTLSPort+1; a++ {
		seen = append(seen, a.String())
	}
	for k := dialtest.CertGood; k <= dialtest.CertClientOnly+1; k++ {
		seen = append(seen, k.String())
	}
	sorted := slices.Sorted(slices.Values(seen))
	if len(slices.Compact(sorted)) != len(seen) || sorted[0] == "" {
		t.Errorf("names are empty or not unique: %q", seen)
	}
}
