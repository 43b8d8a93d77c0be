package stream

import (
	"reflect"

	"github.com/emersion/go-imap/v2/imapclient"
)

// field returns an unexported field of a command of go-imap's, which the client sets
// before it sends the command, and does not change.
func field[T any](cmd any, name string) (value T, ok bool) {
	f, ok := fieldOf[T](cmd, name)
	if !ok {
		return value, false
	}
	return *f, true
}

// fieldOf returns where an unexported field is of what go-imap has made.
func fieldOf[T any](x any, name string) (*T, bool) {
	f := reflect.ValueOf(x).Elem().FieldByName(name)
	if !f.IsValid() || f.Type() != reflect.TypeFor[T]() {
		return nil, false
	}
	return (*T)(f.Addr().UnsafePointer()), true
}

// DrainMessages reads the messages that the program has not taken. Next is not for
// this: it also reads what is left of the message that the program has taken last.
func DrainMessages(cmd *imapclient.FetchCommand) {
	messages, ok := field[chan *imapclient.FetchMessageData](cmd, "msgs")
	if !ok {
		return
	}
	for message := range messages {
		drainMessage(message)
	}
}

// drainMessage reads what is left of a message.
func drainMessage(message *imapclient.FetchMessageData) {
	for item := message.Next(); item != nil; item = message.Next() {
	}
}

// Drain has the end of the session call read, if the command is still under way by
// then. The client does not say what tag a command has, but it can be seen.
func (s *Stream) Drain(cmd any, read func()) {
	tag, _ := field[string](cmd, "tag")
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.pending.Find([]byte(tag))
	switch {
	case c == nil:
	case s.over.Err() != nil: // letGo has been, or will find nothing to call
		go read()
	default:
		c.Drain = read
	}
}
