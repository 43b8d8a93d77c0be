// Package dial makes mail connections that keep their policy.
//
// An [Endpoint] says which server and how it must be protected, a [Dialer]
// makes the connection, and the result is either a [*Conn] that is protected
// that way or an [*Error] that says what stopped it. There is no third
// outcome.
//
//	ep, err := dial.ParseEndpoint("imaps://mail.example.org")
//	...
//	conn, err := new(dial.Dialer).Dial(ctx, ep)
//
// Most programs do not call Dial themselves but one of the packages imapconn,
// smtpconn and pop3conn, which go on from the connection to an authenticated
// session. Others can build sessions for it too: a [*Conn] is a net.Conn that
// stands right where the session begins, knows what was learned on the way,
// and runs the session's own first steps under the same rules ([Conn.Setup]).
//
// # Telling failures apart
//
// [Error.Phase] says where the connection stopped. What stopped it is in the
// chain: errors.Is with the reasons of package policy finds a broken rule,
// errors.As a [*tls.CertificateVerificationError] or the network's own error.
// [Error.Hint] says the same to a person.
package dial
