// Package smtpconn connects to SMTP servers, for submission and for relay, and
// keeps the connection's policy: it goes from an endpoint to an authenticated
// go-smtp client, or to a [*dial.Error] that says what stopped it.
//
//	client, err := smtpconn.Dial(ctx, endpoint, &smtpconn.Options{
//		Auth: auth.Password{User: "user", Secret: auth.NewSecret(password)},
//	})
//
// [Client.Send] sends a message, and [Client.Stream] many of them, as fast as
// the distance allows: commands are pipelined (RFC 2920), and a stream takes one
// round trip a message. Either way each message has a [Receipt], which says for
// whom the server took it, or a [SendError], which says that it was not sent,
// that it was refused, or that nobody on this side can know. Nothing is sent
// twice here, and nothing unknown is called sent.
//
// The wrapped client's own commands (Mail, Rcpt, Data, SendMail) are there too;
// they wait for every reply. Both ways may be used in one session, one
// transaction after the other: not Send while one begun with Mail is open.
//
// LMTP (RFC 2033) is not spoken: it answers a message's end once for each
// recipient, some of which may take a message that others refuse for now, and a
// Receipt has one last word for all. go-smtp's NewClientLMTP has it, for what is
// on the same machine.
//
// EHLO and authentication are done here, on lines of our own. The mail library
// is told what EHLO was answered without asking a second time.
//
// # Replies that nobody asked for
//
// Replies are told apart only by their order, so one too many would be taken for
// the next command's. The connection is therefore read from all the time, and
// nothing is written behind words that answer no command: the session ends, and
// a message whose end was not written by then was not sent. What arrives after a
// command was written is its reply: a server that says one too many just then
// cannot be told from one that answers. Of messages in a stream it is found by
// the next, whose DATA it does not fit, and the outcome is unknown then; a single
// message, or the last, has nothing behind it to find it by.
//
// # Telling failures apart
//
// Until the session begins every error is a [*dial.Error]. After that a refusal
// by the server is a *smtp.SMTPError of go-smtp, whose Temporary method tells
// "later" from "never"; the session goes on, after [Client.Reset] if a
// transaction was open. Every other error ends the session: [Client.Err] has
// the first cause, unless this side closed the connection, by Abort or because
// a message broke off; then errors are net.ErrClosed, and a program that
// aborted because its context ended looks at the context first.
package smtpconn
