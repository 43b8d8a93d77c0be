package pop3conn

import (
	"context"
	"iter"
	"slices"

	"github.com/mailconn/mailconn/internal/wire"
)

// RetrEach returns a loop over messages, in the order of msgs, of which it takes the
// numbers:
//
//	for m, err := range client.RetrEach(ctx, msgs) {
//
// If the server lists PIPELINING, and Options.NoPipelining is not set, up to 256 RETR
// are sent ahead, so that a thousand short messages take a handful of round trips.
// Otherwise each waits for the one before. The loop sees the same in both cases.
// Messages stay in the network until they are read: a slow reader slows the server
// down, and costs no memory.
//
// A message that the server refuses is an [*Error], and a number that cannot be sent
// is an error as well; the loop goes on. m is never nil: with an error it has its
// number, and reading it fails. Any other error has ended the session and is the
// loop's last. An error while a message is read is returned by its reader. If that was
// the last message, the loop does not repeat it.
//
// ctx bounds the whole loop. A loop that is left early skips the replies under way, up
// to 1 MiB and in the time of one reply. If that is not enough, the session ends, and
// the next call returns its error. Inside the loop every other method that sends a
// command returns [ErrBusy], except Quit, which ends the session unconfirmed.
func (c *Client) RetrEach(ctx context.Context, msgs []Listing) iter.Seq2[*Message, error] {
	return c.each(ctx, msgs, "RETR")
}

// TopEach returns a loop over the beginnings of messages: of each the header, the empty
// line, and the given number of lines of the body, as [Client.Top] returns them.
// Otherwise it is like [Client.RetrEach].
func (c *Client) TopEach(ctx context.Context, msgs []Listing, lines int) iter.Seq2[*Message, error] {
	if lines < 0 {
		return func(yield func(*Message, error) bool) { yield(&Message{}, errLines) }
	}
	return c.each(ctx, msgs, "TOP", lines)
}

func (c *Client) each(ctx context.Context, msgs []Listing, verb string, args ...int) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		msgs := slices.Clone(msgs) // the loop may change its own
		if len(msgs) == 0 {
			return
		}
		b, err := c.startEach(ctx, msgs, verb, args...)
		if err != nil {
			yield(&Message{Listing: msgs[0]}, err)
			return
		}
		defer b.finish()
		for _, l := range msgs {
			m := &Message{Listing: l}
			err := b.next()
			if err == nil {
				c.open(m)
			}
			over := c.over.Err() != nil
			if !yield(m, err) || over {
				return
			}
		}
	}
}

// startEach begins a batch of one command for each message.
func (c *Client) startEach(ctx context.Context, msgs []Listing, verb string, args ...int) (*batch, error) {
	unsent := map[int]error{}
	for i, l := range msgs {
		if err := c.check(l.Msg); err != nil {
			unsent[i] = err
		}
	}
	args = append([]int{0}, args...)
	b, err := c.start(ctx, len(msgs), func(to []byte, i int) []byte {
		args[0] = msgs[i].Msg
		return appendCommand(to, verb, args...)
	})
	if err != nil {
		return nil, err
	}
	b.unsent = unsent
	return b, nil
}

// DeleEach marks messages as deleted, as [Client.Dele] does, with as many commands sent
// ahead as [Client.RetrEach], and returns those that it marked. It goes on after a
// message that the server refuses to mark, or a number that cannot be sent: the error
// then wraps one for each. Any other error has ended the session, and nothing is
// deleted.
func (c *Client) DeleEach(ctx context.Context, msgs []Listing) (marked []Listing, err error) {
	if len(msgs) == 0 {
		return nil, nil
	}
	b, err := c.startEach(ctx, msgs, "DELE")
	if err != nil {
		return nil, err
	}
	b.single = true
	var failed []error
	for _, l := range msgs {
		err := b.next()
		if c.over.Err() != nil {
			break
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		c.mark(l.Msg)
		marked = append(marked, l)
	}
	b.finish()
	if err := c.Err(); err != nil {
		return nil, err
	}
	return marked, wire.Join(failed...)
}
