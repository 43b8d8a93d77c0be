// Package smtpconn connects to SMTP servers, for submission and for relay, and protects the
// connections as their policies demand. [Dial] connects to an endpoint and returns an
// authenticated session, or a [*dial.Error] that says what failed.
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
// says that it was not sent, that it was refused, or that it is in doubt. This package
// never sends a message twice.
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
// reply, take no context, and say less about what became of a message. By family, with
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
// This package sends EHLO and authenticates. It gives go-smtp the server's reply to EHLO,
// so that go-smtp need not send EHLO again.
//
// LMTP (RFC 2033) is not supported.
//
// # Replies without a command
//
// SMTP matches replies to commands by their order alone, so a reply too many would be
// taken for the reply to the next command. Before it writes a command, the client
// therefore looks whether the server has sent something already. If it has, the session
// ends, and a message whose end was not written by then was not sent. What arrives after
// a command was written is taken for its reply. In a series a reply too many shows at the
// next message, whose DATA it does not fit, and the outcome is in doubt then. After a
// single message, or the last one, nothing shows it.
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
