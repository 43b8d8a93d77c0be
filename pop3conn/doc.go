// Package pop3conn is a POP3 client that keeps its connection's policy: it
// goes from an endpoint to an authenticated session, or to a [*dial.Error]
// that says what stopped it.
//
//	client, err := pop3conn.Dial(ctx, endpoint, &pop3conn.Options{
//		Auth: auth.Password{User: "user", Password: auth.NewSecret(password)},
//	})
//
// Messages are streams: [Client.Retr] returns a reader over the connection
// itself, and no message is ever held in memory, however long it or one of its
// lines is.
//
// # Deleting
//
// [Client.Dele] marks a message. The server removes what is marked when it
// takes [Client.Quit], and only then (RFC 1939 §6): a session that ends any
// other way has deleted nothing, and one whose Quit returned an error may have.
//
// # Telling failures apart
//
// What the server refuses is a [*Error], after which the session goes on. What
// is not POP3 is a [*policy.Violation]; that, and a failure of the network, end
// the session: the connection is closed, and every later command returns the
// same error.
package pop3conn
