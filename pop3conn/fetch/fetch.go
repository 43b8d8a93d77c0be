package fetch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mailconn/mailconn/pop3conn"
)

// Options says what to do with a mailbox.
type Options struct {
	// Seen knows what earlier sessions stored. It must not be nil.
	Seen Seen

	// Delete marks stored messages as deleted, those of earlier sessions
	// included, once they are Age old, counted from when they were stored.
	Delete bool
	Age    time.Duration

	// Begin, if set, is told what is new before it is retrieved: how many
	// messages, and how many bytes the server says they have.
	Begin func(messages int, size int64)
}

// Message is a new message. It is read like [pop3conn.Message].
type Message struct {
	*pop3conn.Message
	// Key is the identifier, and a number for all but the first of the messages
	// that share one: it stands for this message in every session, as long as
	// the message is in the mailbox. It is printable ASCII; other bytes, and "%", are
	// written as in a URL. Some servers give the identifier of a message that was
	// deleted to another: what is stored by its Key must not replace what is there
	// already.
	Key string
}

// Result is what became of a mailbox.
type Result struct {
	Listed  int // messages on the server
	New     int // of them not stored before
	Stored  int // of them now
	Deleted int // marked, of all that are stored
}

// ErrUnread is a function that returned nil before the message was read to its
// end: it cannot have stored it.
var ErrUnread = errors.New("fetch: message was not read to its end")

// ErrNoID is a message for which the server lists no unique identifier that can be
// read, so that it cannot be told from others.
var ErrNoID = errors.New("fetch: message has no unique identifier that can be read")

var errSeen = errors.New("fetch: Options.Seen is not set")

// Mail hands the messages that are new to store, in the mailbox's order. What
// was stored is noted in Seen at once, and marked as deleted if Options say so;
// the marks take effect with the client's Quit, which is the caller's to call. What
// was marked is forgotten: if Quit fails and the message is still there, it is
// handed to store again. A store that knows its own files keeps it once.
//
// An error of store, or of Seen, ends Mail; the rest of the mailbox is left as
// it is. Messages that the server refuses to give, or to mark, do not end it:
// the error then holds a [*pop3conn.Error] for each. Where store has returned
// nil before the end of a message that is [ErrUnread]. The Result is good with
// every error.
//
// A message without a unique identifier that can be read is left alone: the error
// holds [ErrNoID] for it.
//
// A Seen forgets what is no longer on the server, unless the server lists
// nothing at all: an outage may look like that.
func Mail(ctx context.Context, c *pop3conn.Client, o *Options, store func(*Message) error) (Result, error) {
	if o == nil || o.Seen == nil {
		return Result{}, errSeen
	}
	index, err := c.Index(ctx)
	if err != nil {
		return Result{}, err
	}
	r := &run{Options: o, c: c, store: store, present: map[string]bool{}, going: map[string]bool{}, missing: map[string]int{}}
	for _, m := range keyed(index) {
		r.sort(m)
	}
	r.result.Listed, r.result.New = len(index), len(r.fresh)
	err = r.all(ctx)
	return r.result, err
}

// run is one call of Mail.
type run struct {
	*Options
	c       *pop3conn.Client
	store   func(*Message) error
	result  Result
	present map[string]bool
	going   map[string]bool // marked as deleted
	fresh   []Message
	missing map[string]int // how many are not stored, by identifier
	due     []Message      // to be deleted
	refused []error
}

// sort decides what to do with a message.
func (r *run) sort(m Message) {
	if m.ID == "" {
		r.refused = append(r.refused, fmt.Errorf("%w: message %d", ErrNoID, m.Msg))
		return
	}
	r.present[m.Key] = true
	at, stored := r.Seen.Stored(m.Key)
	if stored {
		r.stored(m, at)
		return
	}
	r.missing[m.ID]++
	r.fresh = append(r.fresh, m)
}

// stored remembers to delete a message if its time has come.
func (r *run) stored(m Message, at time.Time) {
	if r.Delete && time.Since(at) >= r.Age {
		r.due = append(r.due, m)
	}
}

// certain returns the messages to be deleted. Of several that share an
// identifier none goes before all are stored: those that stay would take the
// keys of those that go, and pass for stored.
func (r *run) certain() (msgs []pop3conn.Listing) {
	for _, m := range r.due {
		if r.missing[m.ID] == 0 {
			msgs = append(msgs, m.Listing)
			r.going[m.Key] = true
		}
	}
	return msgs
}

func (r *run) all(ctx context.Context) error {
	if r.Begin != nil {
		r.Begin(len(r.fresh), r.size())
	}
	err := r.retrieve(ctx)
	if err == nil && len(r.present) > 0 {
		err = r.Seen.Keep(func(key string) bool { return r.present[key] })
	}
	if err == nil {
		err = r.delete(ctx)
	}
	return errors.Join(append(r.refused, err)...)
}

// delete marks what is due and forgets it. A server may give the identifier of
// a message that is gone to another (RFC 1939 §7), which must not pass for
// stored; so a message whose deletion comes to nothing is new once more.
func (r *run) delete(ctx context.Context) (err error) {
	msgs := r.certain()
	marked, err := r.c.DeleEach(ctx, msgs)
	r.result.Deleted = len(marked)
	if err != nil || len(msgs) == 0 {
		return err
	}
	return r.Seen.Keep(func(key string) bool { return r.present[key] && !r.going[key] })
}

func (r *run) size() (sum int64) {
	for _, m := range r.fresh {
		sum += max(m.Size, 0)
	}
	return sum
}

// retrieve stores what is new. Its error is one that ends the run.
func (r *run) retrieve(ctx context.Context) error {
	msgs := make([]pop3conn.Listing, len(r.fresh))
	for i, m := range r.fresh {
		msgs[i] = m.Listing
	}
	next := 0
	for got, err := range r.c.RetrEach(ctx, msgs) {
		m := &r.fresh[next]
		next++
		m.Message = got
		var refused *pop3conn.Error
		switch {
		case errors.As(err, &refused):
			r.refused = append(r.refused, err)
			continue
		case err != nil:
			return err
		}
		if err := r.keep(m); err != nil {
			return err
		}
	}
	return nil
}

// keep stores a message and takes note of it, in this order.
func (r *run) keep(m *Message) error {
	if err := r.store(m); err != nil {
		return err
	}
	if !m.Complete() {
		return fmt.Errorf("%w: message %d", ErrUnread, m.Msg)
	}
	now := time.Now()
	if err := r.Seen.Store(m.Key, now); err != nil {
		return err
	}
	r.result.Stored++
	r.missing[m.ID]--
	r.stored(*m, now)
	return nil
}

// keyed gives each message its key. Those that share an identifier are told
// apart by their order, in which a server keeps them.
func keyed(index []pop3conn.Listing) []Message {
	count := make(map[string]int, len(index))
	list := make([]Message, len(index))
	for i, l := range index {
		key := escape(l.ID)
		if count[l.ID]++; count[l.ID] > 1 {
			key = fmt.Sprintf("%s %d", key, count[l.ID])
		}
		list[i] = Message{Message: &pop3conn.Message{Listing: l}, Key: key}
	}
	return list
}

// escape makes an identifier printable ASCII without blanks.
func escape(id string) string {
	var b strings.Builder
	for _, c := range []byte(id) {
		if '!' <= c && c <= '~' && c != '%' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
