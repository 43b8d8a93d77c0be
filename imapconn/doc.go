// Package imapconn connects to IMAP servers and keeps the connection's policy:
// it goes from an endpoint to an authenticated go-imap client, or to a
// [*dial.Error] that says what stopped it.
//
//	client, err := imapconn.Dial(ctx, endpoint, &imapconn.Options{
//		Auth: auth.Password{User: "user", Secret: auth.NewSecret(password)},
//	})
//
// This package does everything up to and including authentication itself; then
// go-imap's client gets the connection. The greeting and the complete capability
// list that it begins with are made here, from what the server said on the level
// of protection that the session has.
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
// Their documentation is that of [imapclient.Client].
//
// # Telling failures apart
//
// Until the session begins every error is a [*dial.Error]. After that a command
// that the server refuses fails with an [*imap.Error], and the session goes on.
// Every other error ends the session. The errors of commands then hold the text of
// the cause alone, as go-imap passes them on: [Client.Err] has the cause itself,
// unless this side closed the connection. A program that aborted because its context
// ended looks at the context first. Behind a Logout the cause may be the server's end
// of the connection.
//
// An Append that the server refuses before it has read the message ends the
// session, too. Its command must be closed even if a Write has failed, as the next
// command waits for that.
package imapconn
