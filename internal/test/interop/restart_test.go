package interop

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// lifes are the two ways in which a server ends.
var lifes = map[string]func(*servers.Server){"stop": (*servers.Server).Stop, "kill": (*servers.Server).Kill}

// TestIdleEnds has Dovecot end under a session in IDLE, which must hear of it
// without asking, and comes back when Dovecot does.
func TestIdleEnds(t *testing.T) {
	for how, end := range lifes {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			lab := servers.New(t)
			dovecot := lab.Dovecot()
			c := newClient(t, lab, dovecot, servers.Alice)
			s := must(c.imap(policy.RequiredSTARTTLS, imapconn.Options{}))(t)
			defer s.Close()
			must(s.Select("INBOX", nil).Wait())(t)
			idle := must(s.Idle())(t)
			end(dovecot.Server)
			soon(t, func() {
				if err := idle.Wait(); err == nil {
					t.Error("IDLE ended as if all were well")
				}
			})
			if s.Err() == nil {
				t.Error("the session has no error")
			}
			_, err := c.imap(policy.RequiredSTARTTLS, imapconn.Options{})
			wantWord(t, err, "greeting:closed,temporary") // the front is still there
			dovecot.Start()
			logout(t, must(c.imap(policy.RequiredSTARTTLS, imapconn.Options{}))(t))
		})
	}
}

// TestFetchEnds kills Dovecot in the middle of a message: that is no short
// message, and nothing is deleted.
func TestFetchEnds(t *testing.T) {
	t.Parallel()
	lab := servers.New(t)
	dovecot := lab.Dovecot()
	c := newClient(t, lab, dovecot, servers.Alice)
	w := must(c.imap(policy.ImplicitTLS, imapconn.Options{}))(t)
	text := long(20 << 20) // more than all buffers on the way hold
	appendTo(t, w, "INBOX", text)
	logout(t, w)

	s := must(c.pop3(policy.ImplicitTLS))(t)
	defer s.Close()
	r := must(s.Retr(t.Context(), 1))(t)
	if _, err := io.ReadFull(r, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	dovecot.Kill()
	soon(t, func() {
		if _, err := io.Copy(io.Discard, r); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the message ended with %v", err)
		}
		if err := s.Quit(t.Context()); err == nil {
			t.Error("QUIT was confirmed by a dead server")
		}
	})
	dovecot.Start()
	again := must(c.pop3(policy.ImplicitTLS))(t)
	defer again.Close()
	if count, size, err := again.Stat(t.Context()); err != nil || count != 1 || size != int64(len(text)) {
		t.Errorf("%d messages of %d bytes: %v", count, size, err)
	}
}

// TestSendEnds has each server of SMTP end between two messages and in the
// middle of one: what could not be sent says so, and goes through later.
func TestSendEnds(t *testing.T) {
	for _, name := range []string{"postfix", "exim", "node"} {
		for how, end := range lifes {
			t.Run(name+"/"+how, func(t *testing.T) {
				t.Parallel()
				lab := servers.New(t)
				server := starts[name](lab).(*servers.Server)
				c := newClient(t, lab, server, servers.Alice)
				s := must(c.smtp(policy.Submission, policy.ImplicitTLS))(t)
				defer s.Close()
				must(s.Send(t.Context(), to("somebody@example.test"), content(letter("before"))))(t)
				soon(t, func() { sendInto(t, s, func() { end(server) }) })
				server.Start()
				s = must(c.smtp(policy.Submission, policy.ImplicitTLS))(t)
				defer s.Close()
				must(s.Send(t.Context(), to("somebody@example.test"), content(letter("after"))))(t)
			})
		}
	}
}

// sendInto sends a message during which the server ends.
func sendInto(t *testing.T, s *smtpconn.Client, end func()) {
	t.Helper()
	text := content(long(32 << 10))
	_, err := s.Send(t.Context(), to("somebody@example.test"), io.MultiReader(io.LimitReader(text, 20<<10), once(end), text))
	var failed *smtpconn.SendError
	if !errors.As(err, &failed) || failed.Outcome == smtpconn.Refused && !failed.Temporary() {
		t.Errorf("the message ended with %v", err)
	}
	t.Log(err)
}

// once is a reader of nothing that does something when it is reached.
type once func()

func (f once) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}

// soon fails if f takes longer than a server that is gone can be waited for.
func soon(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("the end of the server was not noticed")
	}
}
