package attacks_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/sessions"
	"github.com/mailconn/mailconn/policy"
)

// checkOwnEnd wants an error that tells of this program's own doing, and blames no
// server.
func checkOwnEnd(t *testing.T, name string, err error) {
	t.Helper()
	var failed *dial.Error
	switch {
	case !errors.As(err, &failed):
		t.Errorf("%s: %v", name, err)
	case failed.Temporary() || failed.Timeout() || errors.As(err, new(*dial.Farewell)):
		t.Errorf("%s: temporary %v, timeout %v: %v", name, failed.Temporary(), failed.Timeout(), err)
	case !strings.HasPrefix(failed.Hint(), "This program gave the ") || !strings.HasSuffix(failed.Hint(), " up itself."):
		t.Errorf("%s: %v\nhint: %s", name, err, failed.Hint())
	}
}

// closing is a connection of the program's that it closes at one of its reads.
type closing struct {
	net.Conn
	left int
}

func (c *closing) Read(p []byte) (int, error) {
	if c.left--; c.left < 0 {
		c.Close()
	}
	return c.Conn.Read(p)
}

// A program that closes its connection under a dial is told that it did, whatever step it
// was, and that nothing else is wrong.
func TestOwnCloseUnderDial(t *testing.T) {
	cut := 0
	for _, p := range []policy.Protocol{policy.IMAP, policy.POP3, policy.Submission} {
		for _, pol := range []policy.Policy{policy.ImplicitTLS, policy.RequiredSTARTTLS, policy.OpportunisticSTARTTLS, policy.NoTLS} {
			server, err := dialtest.NewServer(dialtest.Config{Protocol: p, Implicit: pol == policy.ImplicitTLS})
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			for reads := 0; ; reads++ {
				raw, err := net.Dial("tcp", server.Addr())
				if err != nil {
					t.Fatal(err)
				}
				d := &dial.Dialer{TLSConfig: server.ClientConfig()}
				conn, err := d.NewConn(t.Context(), &closing{raw, reads}, server.Endpoint(pol))
				if err == nil {
					conn.Close()
					break
				}
				checkOwnEnd(t, fmt.Sprint(p, " ", pol, ", read ", reads), err)
				cut++
			}
		}
	}
	if cut < 20 {
		t.Errorf("only %d dials were cut", cut)
	}
}

// ownEnds are the ways in which a program ends a session, or a connection under it.
var ownEnds = map[string]func(context.Context, *dial.Conn, sessions.Session){
	"Close":      func(_ context.Context, _ *dial.Conn, s sessions.Session) { s.Close() },
	"Abort":      func(_ context.Context, _ *dial.Conn, s sessions.Session) { s.Abort() },
	"Quit":       func(ctx context.Context, _ *dial.Conn, s sessions.Session) { sessions.Quit(ctx, s) },
	"Conn.Close": func(_ context.Context, c *dial.Conn, _ sessions.Session) { c.Close() },
	"Conn.Abort": func(_ context.Context, c *dial.Conn, _ sessions.Session) { c.Abort() },
}

// The same in the session.
func TestOwnEndOfSession(t *testing.T) {
	for _, p := range []policy.Protocol{policy.IMAP, policy.POP3, policy.Submission} {
		server, err := dialtest.NewServer(dialtest.Config{Protocol: p})
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		connect := func() *dial.Conn {
			conn, err := (&dial.Dialer{TLSConfig: server.ClientConfig()}).Dial(t.Context(), server.Endpoint(policy.RequiredSTARTTLS))
			if err != nil {
				t.Fatal(err)
			}
			return conn
		}
		for name, end := range ownEnds {
			if p == policy.IMAP && strings.HasPrefix(name, "Conn.") {
				continue // go-imap reads all the time, and may be anywhere when its connection goes
			}
			conn := connect()
			s, err := sessions.New(t.Context(), conn, nil)
			if err != nil {
				t.Fatal(err)
			}
			end(t.Context(), conn, s)
			if err := sessions.Noop(t.Context(), s); p != policy.IMAP { // of which the errors of commands lead to Err
				checkOwnEnd(t, fmt.Sprint(p, " ", name, ", then a command"), err)
			}
			checkOwnEnd(t, fmt.Sprint(p, " ", name, ", then Err"), s.Err())
			s.Abort()
		}
	}
}

// The same in a login: the source of the password ends it.
func TestOwnEndOfLogin(t *testing.T) {
	for _, p := range []policy.Protocol{policy.IMAP, policy.POP3, policy.Submission} {
		server, err := dialtest.NewServer(dialtest.Config{Protocol: p})
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		for name, end := range map[string]func(context.CancelFunc, *dial.Conn){
			"Conn.Close": func(_ context.CancelFunc, c *dial.Conn) { c.Close() },
			"Conn.Abort": func(_ context.CancelFunc, c *dial.Conn) { c.Abort() },
			"cancel":     func(cancel context.CancelFunc, _ *dial.Conn) { cancel() },
		} {
			for _, fails := range []bool{false, true} {
				conn, err := (&dial.Dialer{TLSConfig: server.ClientConfig()}).Dial(t.Context(), server.Endpoint(policy.RequiredSTARTTLS))
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				_, err = sessions.New(ctx, conn, auth.Password{User: "u", Secret: auth.SourceFunc(func(ctx context.Context, _ *auth.Error) (auth.Secret, error) {
					end(cancel, conn)
					if fails && ctx.Err() != nil {
						return auth.Secret{}, ctx.Err()
					}
					return auth.NewSecret("secret"), nil
				})})
				cancel()
				checkOwnEnd(t, fmt.Sprint(p, " ", name, " in a login"), err)
			}
		}
	}
}

// slow takes the time that it is given.
type slow struct{ err error }

func (s slow) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, s.err
}

// A dial that is cancelled while a proxy of the program's connects tells nothing of the
// proxy.
func TestOwnCancelOfProxy(t *testing.T) {
	for _, said := range []error{nil, context.Canceled, errors.New("SOCKS: stopped")} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Millisecond, cancel)
		_, err := (&dial.Dialer{NetDialer: slow{said}}).Dial(ctx, dial.Endpoint{Protocol: policy.IMAP, Host: "mail.test", Policy: policy.ImplicitTLS})
		checkOwnEnd(t, fmt.Sprint(said), err)
	}
}

// Where the time goes into the program's own proxy or source of passwords, the server is
// not said to be slow or down.
func TestOwnDelays(t *testing.T) {
	const limit = 20 * time.Millisecond
	proxy := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1080}, Err: context.DeadlineExceeded}
	for what, c := range map[string]struct {
		err  error
		want string
	}{
		"a proxy that tells":        {proxy, "The proxy at 127.0.0.1:1080"},
		"a proxy that does not":     {errors.New("SOCKS: no answer"), "The proxy or tunnel to mail.test:993 "},
		"the error of the context":  {context.DeadlineExceeded, "The proxy or tunnel to mail.test:993 "},
		"neither a conn nor a word": {nil, "The proxy or tunnel to mail.test:993 "},
	} {
		_, err := (&dial.Dialer{NetDialer: slow{c.err}, Timeout: limit}).Dial(t.Context(), dial.Endpoint{Protocol: policy.IMAP, Host: "mail.test", Policy: policy.ImplicitTLS})
		checkDelay(t, what, err, c.want, "Nothing is known of the mail server")
	}
	for _, p := range []policy.Protocol{policy.IMAP, policy.POP3, policy.Submission} {
		server, err := dialtest.NewServer(dialtest.Config{Protocol: p})
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		conn, err := (&dial.Dialer{TLSConfig: server.ClientConfig()}).Dial(t.Context(), server.Endpoint(policy.RequiredSTARTTLS))
		if err != nil {
			t.Fatal(err)
		}
		late := lateContext{t.Context(), make(chan struct{})}
		_, err = sessions.New(late, conn, auth.Password{User: "u", Secret: auth.SourceFunc(func(ctx context.Context, _ *auth.Error) (auth.Secret, error) {
			close(late.done)
			<-ctx.Done()
			return auth.Secret{}, fmt.Errorf("the vault: %w", ctx.Err())
		})})
		checkDelay(t, p.String(), err, "the vault", "did not get the password or token")
	}
}

// lateContext is a context whose time runs out when done is closed.
type lateContext struct {
	context.Context
	done chan struct{}
}

func (c lateContext) Done() <-chan struct{} { return c.done }

func (c lateContext) Err() error {
	select {
	case <-c.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func checkDelay(t *testing.T, name string, err error, words ...string) {
	t.Helper()
	var failed *dial.Error
	if !errors.As(err, &failed) || !failed.Timeout() || !failed.Temporary() || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%s: %v", name, err)
	}
	for _, w := range words {
		if told := failed.Error() + " " + failed.Hint(); !strings.Contains(told, w) {
			t.Errorf("%s: %q is not in %s", name, w, told)
		}
	}
	if blamed := failed.Hint(); strings.Contains(blamed, "host is down") || strings.Contains(blamed, "did not answer") || strings.Contains(blamed, "No answer from") {
		t.Errorf("%s: the server is blamed: %s", name, blamed)
	}
}
