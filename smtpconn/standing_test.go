package smtpconn_test

import (
	"strings"
	"testing"

	"github.com/mailconn/mailconn/smtpconn"
)

// What is the client's or the server's is told from what is the message's, as far as
// codes and the words of servers in use tell.
func TestAboutClient(t *testing.T) {
	for _, c := range []struct {
		at, reply string
		message   bool // is at fault
	}{
		{"MAIL", "530 5.7.57 Client not authenticated to send mail.", false},
		{"MAIL", "530 5.7.0 Must issue a STARTTLS command first.", false},
		{"MAIL", "530 5.5.1 Authentication Required", false},
		{"MAIL", "550 5.7.1 Authentication required", false},
		{"MAIL", "535 5.7.139 Authentication unsuccessful", false},
		{"MAIL", "538 5.7.11 encryption required", false},
		{"MAIL", "503 5.5.1 nested MAIL", false},
		{"MAIL", "502 5.5.1 unimplemented", false},
		{"MAIL", "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", false},
		{"MAIL", "452 4.3.1 Insufficient system storage", false},
		{"MAIL", "451 4.3.0 queue file write error", false},
		{"MAIL", "450 4.7.1 Error: too much mail from 192.0.2.1", false},
		{"MAIL", "454 Throttling failure: Maximum sending rate exceeded", false},
		{"MAIL", "451 4.7.0 Too many mails per second", false},
		{"MAIL", "550 5.4.5 Daily user sending limit exceeded", false},
		{"MAIL", "421 4.3.2 going", false},
		{"MAIL", "550 5.7.705 Access denied, tenant has exceeded threshold", false},
		{"RCPT", "554 5.7.1 <b@x>: Relay access denied", false},
		{"RCPT", "550 5.7.1 Unable to relay", false},
		{"RCPT", "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.example", false},
		{"RCPT", "451 4.4.5 congestion", false},
		{".", "550 user@x has exceeded the max emails per hour (500/500) allowed", false},
		{".", "451 4.7.1 rate limit", false},
		{"MAIL", "553 5.1.8 Sender address rejected: Domain not found", true},
		{"MAIL", "550 5.7.1 sender rejected", true},
		{"MAIL", "552 5.3.4 Message size exceeds fixed limit", true},
		{"MAIL", "555 5.5.4 unsupported option", true},
		{"RCPT", "550 5.1.1 no such user", true},
		{"RCPT", "550 no such user", true},
		{"RCPT", "450 4.2.0 Greylisted, try again later", true},
		{"RCPT", "452 4.2.2 mailbox full", true},
		{"RCPT", "452 4.5.3 too many recipients", true},
		{"RCPT", "550 5.2.2 daily quota of the mailbox exceeded", true}, // of the recipient
		{".", "550 5.7.1 spam", true},
		{".", "554 5.6.0 bad content", true},
		{".", "550 5.7.26 Unauthenticated email from x is not accepted due to DMARC", true},
		{".", "554 5.3.4 too big", true},
		{".", "451 4.6.0 cannot convert", true},
	} {
		r := with("PIPELINING")
		r.answer = func(_ int, command, usual string) string {
			if strings.HasPrefix(command, c.at) {
				return c.reply
			}
			return usual
		}
		client, hangUp := dialRelay(t, r, nil)
		_, err := client.Send(t.Context(), envelope(), strings.NewReader(note))
		hangUp()
		got := asResult(nil, err).err
		if got.MessageAtFault() != c.message || got.Outcome == smtpconn.InDoubt {
			t.Errorf("%s in reply to %s: at fault %v", c.reply, c.at, got.MessageAtFault())
		}
	}
}

// Of several recipients one that is refused for its own sake is enough.
func TestAboutClientAndRecipients(t *testing.T) {
	r := with("PIPELINING")
	mixed := false
	r.answer = func(_ int, command, usual string) string {
		switch {
		case strings.HasPrefix(command, "RCPT TO:<r0") && mixed:
			return "550 5.1.1 no such user"
		case strings.HasPrefix(command, "RCPT"):
			return "554 5.7.1 Relay access denied"
		}
		return usual
	}
	c, hangUp := dialRelay(t, r, nil)
	defer hangUp()
	for _, mixed = range []bool{false, true} {
		_, err := c.Send(t.Context(), envelope(recipients(3)...), strings.NewReader(note))
		if got := asResult(nil, err).err; got.MessageAtFault() != mixed {
			t.Errorf("mixed %v: %v", mixed, err)
		}
	}
}
