// Package unsolicited passes on the unsolicited responses of an IMAP server about the
// selected mailbox, in the server's order. go-imap's own handlers do not keep that order,
// since some of them run in goroutines, and without it the meaning of sequence numbers is
// lost.
package unsolicited

import "context"

// Observer is told by a session what the server sends. Its methods are called by the
// session's reader and writer: they must return at once, and must not use the session.
type Observer interface {
	Selecting()                 // a command is about to be sent that selects another mailbox, or none
	Heard()                     // the server has sent something
	Exists(n uint32)            // EXISTS, that of a SELECT included
	Expunged(number uint32)     // EXPUNGE
	Fetched(number, uid uint32) // a FETCH that no command has asked for; uid is 0 if it has none
	Others() []string           // the mailboxes for which it wants NOTIFY
	Changed(name string)        // one of these may have changed
	IdleEnded()                 // the server has ended an IDLE by itself, and reports no changes
	Overflow()                  // the server reports no more changes, not even of the selected mailbox
}

type key struct{}

// With returns a context with which Dial and New of imapconn begin a session that o
// observes.
func With(ctx context.Context, o Observer) context.Context {
	return context.WithValue(ctx, key{}, o)
}

// From returns the Observer of a context, and one that does nothing if it has none.
func From(ctx context.Context) Observer {
	if o, ok := ctx.Value(key{}).(Observer); ok {
		return o
	}
	return discard{}
}

type discard struct{}

func (discard) Selecting()             {}
func (discard) Heard()                 {}
func (discard) Exists(uint32)          {}
func (discard) Expunged(uint32)        {}
func (discard) Fetched(uint32, uint32) {}
func (discard) Others() []string       { return nil }
func (discard) Changed(string)         {}
func (discard) IdleEnded()             {}
func (discard) Overflow()              {}
