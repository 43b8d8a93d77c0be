package pop3conn

import (
	"errors"
	"io"
	"iter"
)

// Message is one of the messages of [Client.RetrEach] and [Client.TopEach]: a
// reader like that of [Client.Retr], good until the loop goes on. Behind an
// error of the loop it has only its number.
type Message struct {
	Msg  int // its number
	body body
}

var (
	_ io.ReadCloser = (*Message)(nil)
	_ io.WriterTo   = (*Message)(nil)
)

// Read reads the message like the reader of [Client.Retr].
func (m *Message) Read(p []byte) (int, error) {
	if m.body.c == nil {
		return 0, errNoMessage
	}
	return m.body.Read(p)
}

// WriteTo writes the rest of the message to w without a buffer of its own.
func (m *Message) WriteTo(w io.Writer) (int64, error) {
	if m.body.c == nil {
		return 0, errNoMessage
	}
	return m.body.WriteTo(w)
}

// Close reads past the rest of the message.
func (m *Message) Close() error {
	if m.body.c == nil {
		return nil
	}
	return m.body.Close()
}

// Complete reports whether the message was read to its end, the server's
// terminator included.
func (m *Message) Complete() bool { return m.body.whole }

var errNoMessage = errors.New("pop3conn: the server did not send this message")

// RetrEach returns a loop over messages, in the order of msgs:
//
//	for m, err := range client.RetrEach(msgs) {
//
// If the server lists PIPELINING, and Options do not say otherwise, up to 256
// RETR are under way, so that a thousand short messages take a handful of round
// trips; else each waits for the one before. What the loop sees is the same.
// Messages stay in the network until they are read: a slow reader slows the
// server down and costs no memory.
//
// A message that the server refuses is a [*Error], and a number that cannot be
// sent is an error as well; the loop goes on to the next. Any other error has
// ended the session and is the loop's last. An error while a message is read is
// the reader's: the loop does not repeat it if that was the last message.
//
// What is left of a message when the loop goes on is read past up to 1 MiB. A
// loop that is left early reads past the replies under way, up to 1 MiB and for
// the time of one reply, and if that is not enough ends the session; the next
// command says so. Inside the loop every other command returns [ErrBusy],
// except Quit, which ends the session unconfirmed.
func (c *Client) RetrEach(msgs []int) iter.Seq2[*Message, error] {
	return c.messages(msgs, request{verb: "RETR", count: 1})
}

// TopEach is [Client.RetrEach] with TOP: each message's header, the empty line,
// and so many lines of its text.
func (c *Client) TopEach(msgs []int, lines int) iter.Seq2[*Message, error] {
	r := request{verb: "TOP", args: [2]int{0, lines}, count: 2}
	if lines < 0 {
		r.err = errLines
	}
	return c.messages(msgs, r)
}

func (c *Client) messages(msgs []int, r request) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		if len(msgs) == 0 {
			return
		}
		f, err := c.fly(c.plan(msgs, r))
		if err != nil {
			yield(&Message{Msg: msgs[0]}, err)
			return
		}
		defer f.land()
		for _, msg := range msgs {
			m := &Message{Msg: msg}
			err := f.next()
			if err == nil {
				c.open(&m.body)
			}
			over := c.ended != nil
			if !yield(m, err) || over {
				return
			}
		}
	}
}

// plan makes a command of r for each message.
func (c *Client) plan(msgs []int, r request) []request {
	plan := make([]request, len(msgs))
	for i, msg := range msgs {
		plan[i] = r
		plan[i].args[0] = msg
		if err := c.check(msg); err != nil {
			plan[i].err = err
		}
	}
	return plan
}

// DeleEach marks messages as deleted, like [Client.Dele], with as many commands
// under way as [Client.RetrEach], and returns how many it marked. It goes on
// behind messages that the server refuses to mark: the error then holds a
// [*Error] for each. Any other error than these and those of numbers that cannot
// be sent has ended the session, and nothing is deleted.
func (c *Client) DeleEach(msgs []int) (marked int, err error) {
	if len(msgs) == 0 {
		return 0, nil
	}
	f, err := c.fly(c.plan(msgs, request{verb: "DELE", count: 1}))
	if err != nil {
		return 0, err
	}
	failed := f.mark(msgs)
	f.land()
	if c.ended != nil {
		return 0, c.ended
	}
	return len(msgs) - len(failed), errors.Join(failed...)
}

// mark reads the replies to DELE, as far as the session goes, and returns those
// that are errors.
func (f *flight) mark(msgs []int) (failed []error) {
	for _, msg := range msgs {
		err := f.next()
		switch {
		case f.c.ended != nil:
			return nil
		case err != nil:
			failed = append(failed, err)
		default:
			f.c.mark(msg)
		}
	}
	return failed
}
