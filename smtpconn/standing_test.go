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
		{"MAIL", "550 Please turn on SMTP Authentication in your mail client", false},
		{"MAIL", "550 5.7.1 Authentication is required for relay", false},
		{"MAIL", "530 5.7.0 Authentication Required. Learn more at https://support.example.com/", false},
		{"MAIL", "505 5.7.3 Must Authenticate", false},
		{"MAIL", "553 authentication is required", false},
		{"MAIL", "550 Unauthenticated senders not allowed", false},
		{"MAIL", "550 5.7.1 Client was not authenticated", false},
		{"MAIL", "554 5.7.1 You need to log in before sending", false},
		{"MAIL", "550 5.7.11 A TLS connection is required", false},
		{"MAIL", "550 5.7.1 Encryption needed to use mechanism", false},
		{"MAIL", "554 5.7.1 TLS required", false},
		{"MAIL", "550 5.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.7]", false},
		{"MAIL", "450 4.7.25 Client host rejected: cannot find your hostname", false},
		{"MAIL", "550 5.7.25 no PTR record", false},
		{"MAIL", "550 5.7.606 Access denied, banned sending IP [192.0.2.7]", false},
		{"MAIL", "451 4.7.650 The mail server [192.0.2.7] has been temporarily rate limited due to IP reputation", false},
		{"MAIL", "550 5.7.501 Service unavailable. Spam abuse detected from IP range", false},
		{"MAIL", "550 5.4.6 Unusual sending activity detected. Please try after sometime", false},
		{"MAIL", "554 5.7.1 Sending blocked: insufficient credit", false},
		{"MAIL", "550 Sending rate limit exceeded", false},
		{"MAIL", "452 Too many recipients received this hour", false},
		{"MAIL", "550 5.1.8 Access denied, bad outbound sender", true},
		{"MAIL", "550 5.7.60 SMTP; Client does not have permissions to send as this sender", true},
		{"MAIL", "451 4.3.5 Server configuration problem", false},
		{"MAIL", "451 Temporary local problem - please try later", false},
		{"MAIL", "471 4.7.0 temporary internal error", false},
		{"MAIL", "451 Internal error", false},
		{"MAIL", "550 System busy, try again later", false},
		{"MAIL", "550 5.7.1 Your account has been disabled for sending", false},
		{"RCPT", "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", false},
		{"RCPT", "550 relay not permitted", false},
		{"RCPT", "550 Relaying is prohibited", false},
		{"RCPT", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", false},
		{"RCPT", "551 We do not relay", false},
		{"RCPT", "550 not local host x, not a gateway", false},
		{"RCPT", "550-5.7.1 [192.0.2.7] our system has detected an unusual rate of unsolicited mail originating from your IP address", false},
		{"RCPT", "421 4.7.0 rate", false},
		{"RCPT", "451 4.7.1 Too many recipients in the last hour", false},
		{"RCPT", "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents delivery", true},
		{"RCPT", "550 5.1.1 The email account that you tried to reach does not exist", true},
		{"RCPT", "550 5.7.1 Recipient not authorized, your message was not delivered", true},
		{"RCPT", "554 5.7.1 Recipient address rejected: Access denied", true},
		{"RCPT", "550 mailbox disabled", true},
		{"RCPT", "450 4.1.1 mailbox unavailable", true},
		{".", "550 5.7.1 Your message looks like spam", true},
		{".", "554 5.7.1 Message rejected: virus found", true},
		{".", "550 5.7.0 daily digest rejected as spam", true},
		{".", "452 4.3.1 Out of memory", false},
		{".", "554 Message rate exceeded for this account", false},
		{".", "550 5.7.1 [192.0.2.7] Our system has detected that this message is likely unsolicited mail", true},
		{".", "552 5.2.3 Message exceeds size limit", true},
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
