// Package pop3conn is a POP3 client that keeps its connection's policy: it
// goes from an endpoint to an authenticated session, or to a [*dial.Error]
// that says what stopped it.
//
//	client, err := pop3conn.Dial(ctx, endpoint, &pop3conn.Options{
//		Auth: auth.Password{User: "user", Secret: auth.NewSecret(password)},
//	})
//
// Messages are streams: [Client.Retr] returns a reader over the connection
// itself, and no message is ever held in memory, however long it or one of its
// lines is.
//
// # Many messages
//
// [Client.RetrEach], [Client.TopEach] and [Client.DeleEach] go over many
// messages, and [Client.Index] lists them. Where the server lists PIPELINING
// (RFC 2449 §6.6) they send commands ahead of the replies to those before: a
// thousand messages of a few kilobytes take five round trips and not a thousand.
// Elsewhere, and with Options.NoPipelining, each command waits for the last
// reply; nothing else is different. Commands are written by a goroutine of their
// own, so that no size of buffer anywhere can make both sides wait for each
// other, and memory does not depend on number, length or reader of the messages.
//
// An error that ends the session while commands were sent ahead holds
// [ErrPipelined]: if that server fails with it always, it lists what it cannot
// do, and wants the option.
//
// Package fetch, below this one, keeps track of what is new from session to
// session.
//
// # Deleting
//
// [Client.Dele] marks a message. The server removes what is marked when it
// takes [Client.Quit], and only then (RFC 1939 §6): a session that ends any
// other way has deleted nothing, and one whose Quit returned an error may have.
// A message that is marked cannot be named any more: that is [ErrDeleted], and
// nothing is sent.
//
// # Telling failures apart
//
// What the server refuses is a [*Error], after which the session goes on. What
// is not POP3 is a [*policy.Violation]; that, and a failure of the network, end
// the session: the connection is closed, and every later command returns the
// same error. A login that the server refuses because it came too soon is a
// [*LoginDelayError].
//
// # What it does not do
//
// Messages come as the server sends them: nothing is parsed, decoded or changed
// but the dots that POP3 puts in front of lines (RFC 1939 §3). A session that is
// idle is not kept alive but by [Client.Noop].
package pop3conn
