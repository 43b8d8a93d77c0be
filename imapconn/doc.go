// Package imapconn connects to IMAP servers, and protects the connections as their policies
// demand. [Dial] connects to an endpoint and returns an authenticated go-imap client, or a
// [*dial.Error] that says what failed.
//
//	client, err := imapconn.Dial(ctx, endpoint, &imapconn.Options{
//		Auth: auth.Password{User: "user", Secret: auth.NewSecret(password)},
//	})
//
// This package does everything up to and including authentication itself; then
// go-imap's client gets the connection. The client begins with a greeting and a complete
// capability list that this package makes of what the server said at the session's level
// of protection.
//
// # Commands
//
// The commands are those of go-imap's client, promoted. A command returns at once
// with a value whose Wait, Collect or Close returns the server's answer, so several
// can be under way. By family, with an example of each:
//
//   - Mailboxes: Select, Unselect, UnselectAndExpunge, Create, Delete, Rename,
//     Subscribe, Unsubscribe, List, Status, Namespace (the Mailboxes example)
//   - Messages: Fetch, Store, Copy, Move, Append, Expunge, UIDExpunge (the Messages
//     example)
//   - Searching: Search, UIDSearch, Sort, UIDSort, Thread, UIDThread (the Searching
//     example)
//   - Watching: Idle, Noop, and Options.UnilateralDataHandler (the Watching example)
//   - Quotas, rights and annotations: GetQuota, GetQuotaRoot, SetQuota, GetACL,
//     SetACL, MyRights, GetMetadata, SetMetadata (the Quotas example)
//   - The session: Capability, Caps, Enable, ID, Logout, Unauthenticate, Mailbox,
//     State, Closed, WaitGreeting, Close (the Session example)
//
// Their documentation is that of [imapclient.Client]. They take no context: the
// documentation of [Client] says how to bound them.
//
// The Attachment example of FetchEach lists the newest messages, and saves a part of one.
//
// Three are this package's: [Client.FetchEach] and [Client.AppendEach] fetch and append
// many messages in a round trip or two, and [Client.Do] sends any other command. They may
// be used beside all others: each waits until the commands that are pending are answered,
// and holds up the commands that are sent meanwhile until it has its own answer, so that all
// have their turn in the order in which they come. While an IDLE is open nothing can be
// sent: if it is not closed within a second, they fail with [ErrIdle].
//
// # What the server may say
//
// Every byte of the server is measured before go-imap's client sees it. A response that
// the client reads passes as it stands. One that real servers write otherwise than the
// standard says is rewritten where its meaning is certain. An item that cannot be read
// costs that item, and a response without a meaning costs that response: the session and
// the other messages go on, and [Options.Notice] tells what was left out or mended, with
// the UID and the sequence number of the message. What is left out of the answer to a
// command that returns it as a whole makes the command fail with
// [ResponseCodeUnreadable].
//
// What the server says is limited by [Options.Bounds]. The bodies of messages are not:
// they are streamed. A body that was cut off ends with an error, never with [io.EOF].
//
// # Telling failures apart
//
// Until the session begins every error is a [*dial.Error]. After that a command
// that the server refuses fails with an [*imap.Error], and the session goes on.
// Every other error ends the session: it is a [*dial.Error] with phase
// [dial.PhaseSession], as [Client.Err] returns it, and all commands that are pending
// fail with it at once.
//
// A program that leaves an answer unread, or a handler that does not return, keeps
// other commands waiting. After [Options.ReplyTimeout] that ends the session, and the
// error names the command or the handler. [Client.Abort] and [Client.Close] wait for
// neither.
//
// # What depends on go-imap
//
// Some of what a session does is go-imap's, and cannot be changed from below:
//
//   - While the program holds a message of a session that has ended, and neither reads on
//     nor closes the command, a goroutine of the client's stays. Commands that are pending
//     then return a quarter of a second after the end.
//   - A command that was sent ahead of an IDLE, and is not answered when the session
//     ends, fails with the client's own error. [Client.Err] has the reason.
//   - An IDLE that the server ends by itself goes on for the client: the program is told of
//     nothing more until it closes the IDLE and begins another.
//   - An Append must be closed even if a Write has failed, as the next command waits for
//     that.
//   - A UID FETCH whose answer has the UID behind a body of more than 64 KiB fails with
//     [ResponseCodeUnreadable]: the client could not tell which command the answer is for.
//   - A program that reads on in a body that was cut off uses the client's buffer beside the
//     client's reader: both get the error, but the race detector may report it.
//   - Extension data of a body structure that no standard defines yet, which the client
//     would pass over, makes the structure unreadable: it cannot be told from what the
//     sender of a message has written.
//   - The members of a PERMANENTFLAGS list that contain "]" are left out.
package imapconn
