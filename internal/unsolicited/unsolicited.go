// Package unsolicited hands on what an IMAP server says of the selected mailbox without
// having been asked, in the order in which it says it. go-imap's own handlers lose that
// order, as some of them run in goroutines, and so what a sequence number stands for.
package unsolicited

import "context"

// Observer is told by a session what has come. Its methods are called by the session's
// reader and writer: they must return at once, and not use the session.
type Observer interface {
	Selecting()                 // a command is about to be sent that selects another mailbox, or none
	Heard()                     // something, whatever it is
	Exists(n uint32)            // EXISTS, that of a SELECT included
	Expunged(number uint32)     // EXPUNGE
	Fetched(number, uid uint32) // a FETCH that no command has asked for; uid is 0 if it is not said
	Others() []string           // mailboxes that it wants to be told of by NOTIFY
	Changed(name string)        // one of them may have changed
	IdleEnded()                 // the server has ended an IDLE by itself, and tells nothing
	Overflow()                  // the server tells nothing more, not even of the selected mailbox
}

type key struct{}

// With returns a context with which Dial and New of imapconn begin a session that o
// observes.
func With(ctx context.Context, o Observer) context.Context {
	return context.WithValue(ctx, key{}, o)
}

// From returns the Observer of a context. One that does nothing takes the place of none.
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
