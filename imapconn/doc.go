// Package imapconn connects to IMAP servers and keeps the connection's policy:
// it goes from an endpoint to an authenticated go-imap client, or to a
// [*dial.Error] that says what stopped it.
//
//	client, err := imapconn.Dial(ctx, endpoint, &imapconn.Options{
//		Auth: auth.Password{User: "user", Secret: auth.NewSecret(password)},
//	})
//
// Everything up to and including authentication is done here, on lines of our
// own; the mail library gets a connection that is settled. What it is told at
// the start, a greeting and a complete capability list, is made here from what
// the server said at the level the session runs on.
//
// # Telling failures apart
//
// Until the session begins every error is a [*dial.Error]. After that a command
// that the server refuses fails with an *imap.Error of go-imap, and the session
// goes on. Every other error ends it, and go-imap keeps the text of its cause
// alone: [Client.Err] has the cause itself, unless this side closed the
// connection; a program that aborted because its context ended looks at the
// context first. Behind a Logout it may be the server's end of the connection.
//
// An Append that the server refuses before it has read the message ends the
// session, too. Its command must be closed whether or not a Write has failed: the
// next command waits for that.
package imapconn
