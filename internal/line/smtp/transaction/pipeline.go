// Package transaction has the grammar of SMTP's mail transactions, as a session needs
// it: commands written ahead of their replies, a message's content, paths and
// parameters, and what refusals are about.
package transaction

import (
	"context"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

// Pipeline writes commands in groups and reads their replies in order (RFC 2920).
// It knows nothing of mail. One goroutine uses it at a time; another may abort the
// connection.
type Pipeline struct {
	// Ahead tells that commands may be written before the replies to earlier ones
	// were read.
	Ahead bool
	// Unreliable is set if the server broke the order of replies: they tell nothing
	// then.
	Unreliable bool

	link *Link
	end  func(error) error // closes the connection, and returns why it is closed
	ctx  context.Context   // of the call that uses the pipeline

	out   []byte // to be written
	given int64  // bytes given to the connection: counted before they are written

	replies []Answer // one for each command that was put
	written int      // replies whose commands were given to the connection
	read    int      // replies that were read
	text    []byte   // room for the text of one
	checked bool     // no reply was read since it was looked whether there is one too many

	err      error     // the first failure: the connection is closed
	writeErr error     // of a write that failed while replies were due
	wordsBy  time.Time // after writeErr: until when replies are read
}

// NewPipeline returns a Pipeline over l, with Ahead as given. end is called once, when the connection is to
// be closed, and returns why it is.
func NewPipeline(l *Link, ahead bool, end func(error) error) *Pipeline {
	return &Pipeline{link: l, Ahead: ahead, end: end}
}

// bufferSize is as much as two TLS records hold.
const bufferSize = 32 << 10

// Start makes the pipeline ready for a call whose context is ctx.
func (p *Pipeline) Start(ctx context.Context) {
	if p.out == nil {
		p.out = make([]byte, 0, bufferSize)
	}
	p.ctx = ctx
	p.Forget()
	p.link.Begin()
	p.checkUnsolicited()
}

// Forget drops replies that were judged. None may be due.
func (p *Pipeline) Forget() { p.replies, p.written, p.read = p.replies[:0], 0, 0 }

// Put adds to what is to be written.
func (p *Pipeline) Put(b []byte) {
	for len(b) > 0 {
		n := copy(p.Room(1), b)
		p.Filled(n)
		b = b[n:]
	}
}

// Room returns the free part of the buffer, of at least n bytes, which it writes
// out to have them. The caller writes to it and calls Filled.
func (p *Pipeline) Room(n int) []byte {
	if cap(p.out)-len(p.out) < n {
		p.Flush()
	}
	return p.out[len(p.out):cap(p.out)]
}

// Filled tells that n bytes were written to what Room returned.
func (p *Pipeline) Filled(n int) { p.out = p.out[:len(p.out)+n] }

// Position returns where the next byte put will be in all that is written.
func (p *Pipeline) Position() int64 { return p.given + int64(len(p.out)) }

// Command puts a command, whose last part is line, and returns the number of its
// reply. Without pipelining it waits for the reply.
func (p *Pipeline) Command(line []byte, want *Expectation) int {
	p.Put(line)
	p.replies = append(p.replies, Answer{Want: want})
	if !p.Ahead {
		p.readDue()
	}
	return len(p.replies) - 1
}

// Given reports whether the byte at a position, or a part of what was put with it,
// may have reached the server.
func (p *Pipeline) Given(position int64) bool { return p.given > position }

// Context returns the context of the call that uses the pipeline.
func (p *Pipeline) Context() context.Context { return p.ctx }

// window is how many replies may be due when more is written and nothing reads: the
// server must be able to say so many to the buffers on the way.
const window = 200

// Flush writes what was put. While no reply is due the server must not have said
// anything: what it says from here on is taken for the reply.
func (p *Pipeline) Flush() {
	if p.written-p.read > window && p.err == nil {
		p.link.ReadAhead()
		p.readArrived()
	}
	if len(p.out) > 0 && p.written == p.read {
		p.checkUnsolicited()
	}
	if len(p.out) > 0 && !p.Failed() {
		p.given += int64(len(p.out))
		p.written = len(p.replies)
		if _, err := p.link.Write(p.out); err != nil {
			p.writeFailed(wire.Ended(err))
		}
	}
	p.out = p.out[:0]
}

// lastWords bounds the wait for what a server said before it hung up.
const lastWords = time.Second

// writeFailed notes that the server takes no more. What it said before that is
// still worth reading: it may have taken a message.
func (p *Pipeline) writeFailed(err error) {
	if p.read == p.written {
		p.checkUnsolicited() // it may have said why, in the middle of a message
		p.Fail(err)
		return
	}
	p.writeErr, p.wordsBy = err, time.Now().Add(lastWords)
}

// Wait writes what was put, reads the replies to all that was written, and fails if
// there is one more. Without pipelining it looks no further than to what was read with
// the replies: before the next command it is looked again.
func (p *Pipeline) Wait() {
	p.readDue()
	if !p.checked && (p.Ahead || p.link.In.Buffered() > 0) {
		p.checkUnsolicited()
	}
}

// readDue writes what was put and reads the replies to all that was written.
func (p *Pipeline) readDue() {
	p.Flush()
	for p.read < p.written && p.err == nil {
		p.readReply()
	}
	if p.err == nil && p.writeErr != nil {
		p.Fail(p.writeErr)
	}
	if p.err == nil {
		p.link.SetReadDeadline(time.Time{})
	}
}

// ReadArrived writes what was put, and reads the replies that are there already.
func (p *Pipeline) ReadArrived() {
	p.Flush()
	p.readArrived()
}
