package interop

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
)

// TestDelivery sends a message through Postfix into Dovecot, hears of it in
// IDLE, and fetches it by POP3: as it was sent, after what servers put in
// front.
func TestDelivery(t *testing.T) {
	t.Parallel()
	lab := servers.New(t)
	dovecot := lab.Dovecot()
	mailbox := newClient(t, lab, dovecot, servers.Alice)
	arrived := make(chan struct{}, 10)
	watcher := must(mailbox.imap(policy.ImplicitTLS, imapconn.Options{
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				arrived <- struct{}{}
			}
		}},
	}))(t)
	defer watcher.Close()
	must(watcher.Select("INBOX", nil).Wait())(t)
	idle := must(watcher.Idle())(t)
	defer idle.Close()

	relay := must(newClient(t, lab, lab.Postfix(dovecot), "").smtp(policy.SMTP, policy.OpportunisticSTARTTLS))(t)
	defer relay.Close()
	text := letter("delivery")
	r := must(relay.Send(t.Context(), to("alice@example.test"), content(text)))(t)
	if !strings.Contains(r.Reply, "queued as") {
		t.Errorf("receipt: %q", r.Reply)
	}
	select {
	case <-arrived:
	case <-time.After(patience):
		t.Fatal("the message does not arrive")
	}
	reader := must(mailbox.pop3(policy.ImplicitTLS))(t)
	defer reader.Close()
	got := string(must(io.ReadAll(must(reader.Retr(t.Context(), 1))(t)))(t))
	if !strings.HasSuffix(got, text) || !strings.Contains(got, "Received: from client.test") {
		t.Errorf("%q\nsent %q", got, text)
	}
}
