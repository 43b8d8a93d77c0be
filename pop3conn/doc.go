// Package pop3conn is a POP3 client that keeps its connection's policy: it goes from
// an endpoint to an authenticated session, or to a [*dial.Error] that says what
// stopped it.
//
//	client, err := pop3conn.Dial(ctx, endpoint, &pop3conn.Options{
//		Auth: auth.Password{User: "user", Secret: auth.NewSecret(password)},
//	})
//
// Messages are streams: [Client.Retr] returns a reader over the connection itself,
// and no message is held in memory, however long it or one of its lines is.
//
// # Many messages
//
// [Client.Index] lists the messages of a mailbox, and [Client.RetrEach],
// [Client.TopEach] and [Client.DeleEach] go over many of them. If the server lists
// PIPELINING (RFC 2449 §6.6), they send commands before the replies to those ahead
// have come: a thousand messages of a few kilobytes take five round trips and not a
// thousand. Otherwise, and with Options.NoPipelining, each command waits for the
// reply to the one before; nothing else is different. Commands are written by a
// goroutine that lasts as long as the loop, so that no size of buffer can make client
// and server wait for each other.
//
// An error that ends the session while commands were sent ahead holds
// [ErrPipelining]. If it always comes with a server, that server cannot do what it
// lists, and wants the option.
//
// POP3 does not tell when a message came. To find what is old, read the Date of each
// header by TopEach, as the DeleEach example does, or let package pop3watch delete each
// message some time after the program has handled it.
//
// Package pop3watch, below this one, tells a program what is new from session to session.
//
// # Deleting
//
// [Client.Dele] marks a message. The server removes the marked messages when it
// accepts [Client.Quit], and only then (RFC 1939 §6): a session that ends in any other
// way has deleted nothing, and one whose Quit returned an error may have. A message
// that is marked cannot be named any more.
//
// # Telling failures apart
//
// A command that the server refuses is an [*Error], and the session goes on. Whatever
// else goes wrong ends the session: its connection is closed, and this call and every
// later one return the [*dial.Error] that [Client.Err] returns too. Its chain says
// whether the server closed the connection ([*dial.Farewell]), broke a rule
// ([*policy.Violation]) or took too long, the network failed, a context ended, or the
// program closed the session itself.
//
// Replies are matched to commands by their order alone. So a reply that has arrived
// before a command is written ends the session ([policy.ErrInjected]); it is looked
// for each time, at no cost of a round trip. One that arrives later cannot be told from
// the right one until Quit, which does not report success then.
//
// A line of a list that cannot be read costs what it says, and no other line. A login
// that the server refuses because it came too soon is a [*LoginDelayError].
//
// # What it does not do
//
// Messages come as the server sends them: nothing is parsed, decoded or changed,
// except for the dots that POP3 puts in front of lines (RFC 1939 §3). An idle session
// is kept alive by calls of [Client.Noop], and by nothing else.
package pop3conn
