package smtpconn

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

// exchange is the conversation of Send and Stream with the server: commands
// are collected and written in groups, while a goroutine reads as many replies
// as commands were written. So neither side ever waits for the other to read
// (RFC 2920 §3.1), and nothing is read that answers no command.
//
// Only the caller's goroutine writes; only the reader reads. What they share is
// under mu.
type exchange struct {
	line     *handover
	in       *wire.Reader
	features features
	usage    usage
	times    times
	renderer *renderer
	reader   func() // readReplies, and what an ended context calls: made once
	leave    func()
	letters  [2]letter
	turn     int

	// The writer's.
	buf    []byte
	handed int64 // bytes given to the connection, from when the write begins
	inData bool  // the server expects content
	dirty  bool  // a transaction is to be ended by RSET
	lone   bool  // content that nobody gets is to be ended by a dot

	mu        sync.Mutex
	change    sync.Cond
	slots     []slot
	published int   // slots whose command was written, or is being
	read      int   // slots that have a reply
	err       error // the first failure, which ended the connection
	writeErr  error
	wordsBy   time.Time // after writeErr: until when replies are read
	astray    bool      // err is that of a server whose replies cannot be told apart
	ctx       context.Context
	stopped   bool
	done      chan struct{} // the reader has stopped

	text []byte // the reader's
}

// slot is a command and its reply.
type slot struct {
	kind kind
	code int    // 0: no reply yet
	text string // of refusals, and of the reply to content
}

func newExchange(line *handover, f features, t times) *exchange {
	x := &exchange{line: line, in: line.in, features: f, usage: usage{Limits: newLimits(f.caps)}, times: t}
	x.change.L = &x.mu
	x.buf = make([]byte, 0, bufferSize)
	x.done = make(chan struct{}, 1)
	x.reader, x.leave = x.readReplies, func() { x.abort(errAborted) }
	return x
}

// bufferSize is as much as one TLS record holds.
const bufferSize = 16 << 10

// start begins reading replies.
func (x *exchange) start(ctx context.Context) {
	x.renew()
	x.line.Begin()
	x.mu.Lock()
	x.ctx, x.stopped = ctx, false
	x.mu.Unlock()
	go x.reader()
}

// watch makes the end of the context that of the connection, until the result
// is called.
func (x *exchange) watch(ctx context.Context) (unwatch func() bool) {
	if ctx.Done() == nil {
		return func() bool { return true }
	}
	return context.AfterFunc(ctx, x.leave)
}

// stop ends the reader. Nothing is outstanding, or the connection was ended.
func (x *exchange) stop() {
	x.mu.Lock()
	x.stopped = true
	x.change.Broadcast()
	x.mu.Unlock()
	<-x.done
	x.line.SetDeadline(time.Time{})
}

// renew forgets the replies of the last group.
func (x *exchange) renew() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.slots, x.published, x.read = x.slots[:0], 0, 0
}

// put adds to what is to be written.
func (x *exchange) put(b []byte) {
	for len(b) > 0 {
		if len(x.buf) == cap(x.buf) {
			x.flush()
		}
		n := min(len(b), cap(x.buf)-len(x.buf))
		x.buf = append(x.buf, b[:n]...)
		b = b[n:]
	}
}

// position returns where the next byte put will be in all that was written.
func (x *exchange) position() int64 { return x.handed + int64(len(x.buf)) }

// expect adds a reply to be read, and returns its slot. It is called when the
// command's last byte was put.
func (x *exchange) expect(k kind) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.slots = append(x.slots, slot{kind: k})
	return len(x.slots) - 1
}

// command puts a command, and where there is no pipelining waits for its reply.
func (x *exchange) command(k kind, line []byte) int {
	x.put(line)
	i := x.expect(k)
	if !x.features.pipelining {
		x.wait(0)
	}
	return i
}

// flush writes what was put. Once a write has failed nothing more is written.
func (x *exchange) flush() {
	if len(x.buf) == 0 {
		return
	}
	defer func() { x.buf = x.buf[:0] }()
	if !x.publish() {
		return
	}
	x.handed += int64(len(x.buf))
	x.line.SetWriteDeadline(after(x.times.block))
	if _, err := x.line.Feed.Write(x.buf); err != nil {
		x.writeFailed(wire.Ended(err))
	}
}

// publish lets the reader read the replies to what is about to be written, and
// reports whether it may be: while no reply is due the server must not have
// said anything. What it says from here on is taken for the reply.
func (x *exchange) publish() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err == nil && x.writeErr == nil && x.read == x.published {
		x.quiet()
	}
	if x.err != nil || x.writeErr != nil {
		return false
	}
	x.published = len(x.slots)
	x.change.Broadcast()
	return true
}

// lastWords bounds the wait for what a server said before it hung up.
const lastWords = time.Second

// writeFailed notes that the server takes no more. What it said before that is
// still worth reading: it may have taken a message.
func (x *exchange) writeFailed(err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.writeErr = err
	if x.read == x.published {
		x.fail(err)
		return
	}
	x.wordsBy = time.Now().Add(lastWords)
	x.line.SetReadDeadline(x.wordsBy)
}

// wait writes what was put and returns when no more than n replies are
// outstanding, or the connection has failed.
func (x *exchange) wait(n int) {
	x.flush()
	x.mu.Lock()
	defer x.mu.Unlock()
	for x.err == nil && x.published-x.read > n {
		x.change.Wait()
	}
	if x.err == nil && x.writeErr != nil {
		x.fail(x.writeErr)
	}
	if x.err == nil && n == 0 {
		x.quiet()
	}
}

// abort ends the connection, for a reason on this side.
func (x *exchange) abort(err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.fail(err)
}

// fail ends the connection. It is called with mu held.
func (x *exchange) fail(err error) {
	if x.err == nil {
		if x.ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", wire.ContextError(x.ctx), err)
		}
		x.err = err
		x.line.Abort()
	}
	x.change.Broadcast()
}

// failure returns what ended the connection, or nil.
func (x *exchange) failure() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err == nil {
		return x.writeErr
	}
	return x.err
}
