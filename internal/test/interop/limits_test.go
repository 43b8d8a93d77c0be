package interop

import (
	"errors"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/internal/test/sessions"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// TestOverQuota appends what does not fit into the mailbox. Dovecot refuses such a message
// before it is sent: an IMAP error with its code, after which the session goes on.
func TestOverQuota(t *testing.T) {
	t.Parallel()
	lab := servers.New(t)
	s := must(newClient(t, lab, lab.Dovecot(), servers.Full).imap(policy.ImplicitTLS, imapconn.Options{}))(t)
	defer s.Close()
	wantCode(t, tryAppend(s, "INBOX", long(8<<10)), imap.ResponseCodeOverQuota)
	appendTo(t, s, "INBOX", letter("fits"))
	logout(t, s)
}

// TestAppendTooLong is the same for a server that has a limit for each message.
func TestAppendTooLong(t *testing.T) {
	t.Parallel()
	lab := servers.New(t)
	s := must(newClient(t, lab, lab.Cyrus(), servers.Alice).imap(policy.ImplicitTLS, imapconn.Options{}))(t)
	defer s.Close()
	wantCode(t, tryAppend(s, "INBOX", tooLong), imap.ResponseCodeTooBig)
}

func wantCode(t *testing.T, err error, code imap.ResponseCode) {
	t.Helper()
	var refused *imap.Error
	if !errors.As(err, &refused) || refused.Code != code {
		t.Errorf("%v, want %s", err, code)
	}
}

// TestTooManySessions logs in more often than Dovecot allows: the password is
// right, and the error must not say otherwise.
func TestTooManySessions(t *testing.T) {
	t.Parallel()
	lab := servers.New(t)
	dovecot := lab.Dovecot()
	for p, want := range map[policy.Protocol]string{policy.IMAP: "auth:limit,temporary", policy.POP3: "auth:in-use,temporary"} {
		addr := dovecot.Addr(servers.Place{Protocol: p, Implicit: true, Variant: servers.TwoAtOnce})
		cred := credentials("PLAIN")
		// It counts a session a moment after it has let it in.
		var err error
		for n := 0; err == nil && n < 20; n++ {
			var s sessions.Session
			s, err = sessions.Dial(t.Context(), dialer(lab, addr, false), endpoint(p, policy.ImplicitTLS), cred)
			if err == nil {
				defer s.Close()
			} else if n < 2 {
				t.Errorf("refused after %d sessions", n)
			}
		}
		wantWord(t, err, want)
	}
}

// TestTooManyConnections is the same for Postfix, which counts before it lets
// a client speak.
func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	lab := servers.New(t)
	addr := lab.Postfix(lab.Dovecot()).Addr(servers.Place{Protocol: policy.SMTP, Variant: servers.TwoAtOnce})
	dial := func() (*smtpconn.Client, error) {
		return smtpconn.Dial(t.Context(), endpoint(policy.SMTP, policy.RequiredSTARTTLS),
			&smtpconn.Options{Dialer: dialer(lab, addr, false)})
	}
	first := must(dial())(t)
	defer must(dial())(t).Close()
	_, err := dial()
	wantWord(t, err, "greeting:refused,temporary")
	if err := first.Quit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func wantWord(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %s", want)
	} else if got := word(err); got != want {
		t.Errorf("%s, want %s: %v", got, want, err)
	}
}
