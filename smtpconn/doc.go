// Package smtpconn connects to SMTP servers, for submission and for relay, and
// keeps the connection's policy: it goes from an endpoint to an authenticated
// session, or to a [*dial.Error] that says what stopped it.
//
//	client, err := smtpconn.Dial(ctx, endpoint, &smtpconn.Options{
//		Auth: auth.Password{User: "user", Secret: auth.NewSecret(password)},
//	})
//	...
//	envelope := smtpconn.Envelope{From: "user@example.org", To: []string{"ann@example.org"}}
//	receipt, err := client.Send(ctx, envelope, strings.NewReader(message))
//
// [Client.Send] sends a message, and [Client.SendEach] many: commands are
// pipelined (RFC 2920), and a series takes one round trip a message. Each message
// has a [Receipt], which says for whom the server took it, or a [SendError], which
// says that it was not sent, that it was refused, or that it is in doubt. Nothing is
// sent twice here.
//
// Package pool, below this one, sends over several connections and tries again what
// is safe to try again.
//
// # Recipients
//
// A message goes to all recipients of its envelope or to none: a refused recipient
// is an error that names it. [Envelope].Partial sends it to those that the server
// accepts; the receipt names the others.
//
// # Commands
//
// A Client is a go-smtp client too, whose commands are promoted. They wait for each
// reply, take no context, and tell less of what became of a message. By family, with
// an example of each:
//
//   - Transactions by hand: Mail, Rcpt, Data, Reset, SendMail (the Transaction
//     example)
//   - What the server offers: Extension, MaxMessageSize, SupportsAuth, Verify (the
//     Offer example)
//   - The session: Noop, Close, TLSConnectionState, and the fields CommandTimeout
//     and SubmissionTimeout (the Session example)
//
// Their documentation is that of [smtp.Client]. Replies reach them within limits,
// and with texts that are printable and at most 512 bytes long. Both ways of sending
// may be used in one session, one transaction after the other: not Send while one
// begun with Mail is open. DebugWriter sees nothing of Send: use Dialer.Transcript.
//
// EHLO and authentication are done here. go-smtp is told what EHLO was answered
// without asking the server again, so its first command costs no round trip.
//
// LMTP (RFC 2033) is not spoken.
//
// # Replies without a command
//
// Replies are told apart only by their order, so one too many would be taken for
// the reply to the next command. Before a command is written it is therefore looked
// whether the server has said something already: if it has, the session ends, and a
// message whose end was not written by then was not sent. What arrives after a
// command was written is taken for its reply. In a series a reply too many is found
// by the next message, whose DATA it does not fit, and the outcome is in doubt then;
// behind a single message, or the last one, there is nothing to find it by.
//
// # Telling failures apart
//
// Until the session begins every error is a [*dial.Error], and every error of Send is a
// [*SendError]. Both have a method Hint, which says to a person what is wrong and what to
// do. A command that the server refuses has a *smtp.SMTPError of go-smtp, whose method
// Temporary tells "later" from "never"; the session goes on, after [Client.Reset] if a
// transaction was open. Every other error ends the session, and holds the [*dial.Error]
// that [Client.Err] returns.
package smtpconn
