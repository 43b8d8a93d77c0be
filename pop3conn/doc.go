// Package pop3conn is a POP3 client whose connection is protected as its policy demands.
// [Dial] connects to an endpoint and returns an authenticated session, or a
// [*dial.Error] that says what failed.
//
//	client, err := pop3conn.Dial(ctx, endpoint, &pop3conn.Options{
//		Auth: auth.Password{User: "user", Secret: auth.NewSecret(password)},
//	})
//
// Messages are streams: [Client.Retr] returns a reader that reads from the connection.
// No message is held in memory, however long it or one of its lines is.
//
// # Many messages
//
// [Client.Index] lists the messages of a mailbox, and [Client.RetrEach],
// [Client.TopEach] and [Client.DeleEach] go over many of them. If the server lists
// PIPELINING (RFC 2449 §6.6), they send commands before the replies to those ahead
// have come: a thousand messages of a few kilobytes take five round trips and not a
// thousand. Otherwise, and with Options.NoPipelining, each command waits for the
// reply to the one before; nothing else is different. A goroutine writes the commands
// for as long as the loop lasts, so that client and server never wait for each other,
// whatever the sizes of their buffers.
//
// An error that ends the session while commands were sent ahead wraps [ErrPipelining].
// If a server causes it again and again, it cannot do what it lists: set
// Options.NoPipelining.
//
// POP3 does not say when a message arrived. To find old messages, read the Date of each
// header by TopEach, as the example of DeleEach does, or let package pop3watch delete
// each message some time after the program has handled it.
//
// Package pop3watch, below this one, tells a program which messages are new from session
// to session.
//
// # Deleting
//
// [Client.Dele] marks a message. The server removes the marked messages when it
// accepts [Client.Quit], and only then (RFC 1939 §6): a session that ends in any other
// way has deleted nothing, and one whose Quit returned an error may have. A marked
// message can no longer be read or listed.
//
// # Telling failures apart
//
// A command that the server refuses is an [*Error], and the session goes on. Every other
// failure ends the session: its connection is closed, and this call and every later one
// return the [*dial.Error] that [Client.Err] returns too. Its chain says whether the
// server closed the connection ([*dial.Farewell]), broke a rule ([*policy.Violation]) or
// took too long, the network failed, a context ended, or the program closed the session
// itself.
//
// POP3 matches replies to commands by their order alone. So a reply that arrives before
// its command is written ends the session ([policy.ErrInjected]). The client looks for
// one before each command, without a round trip. A reply that arrives later cannot be
// told from the right one until Quit, which then does not report success.
//
// A line of a list that cannot be read does not affect the other lines. A login that the
// server refuses because it came too soon is a [*LoginDelayError].
//
// # What it does not do
//
// Messages are as the server sends them: nothing is parsed, decoded or changed, except
// that the dots are removed which POP3 adds to lines (RFC 1939 §3). To keep an idle
// session alive a program calls [Client.Noop].
package pop3conn
