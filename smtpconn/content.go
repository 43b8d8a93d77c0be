package smtpconn

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/mailconn/mailconn/internal/wire"
)

// content sends the content of a message, to its terminator.
func (x *exchange) content(l *letter) {
	send := x.dots
	if l.bdat {
		send = x.chunks
	}
	if err := send(l); err != nil {
		// No dot: an unfinished message is dropped by the server (RFC 5321
		// §4.1.1.4 ff), but only if the connection is.
		x.abort(errUnfinished)
		l.finish(nil, &SendError{Outcome: NotSent, Refused: l.refused, Err: x.blame(err)})
	}
}

// blame marks what keeps a message from being sent as its own fault, unless
// another session would not have it, or the context has ended, which content
// that waits fails with.
func (x *exchange) blame(err error) error {
	var spent *spentError
	if errors.As(err, &spent) || x.ctx.Err() != nil {
		return err
	}
	return &wire.Fault{Err: err}
}

// dots sends content behind DATA.
func (x *exchange) dots(l *letter) error {
	var s stuffer
	for {
		s.stuff(l.ahead, x.put)
		if l.body.eof {
			break
		}
		if x.failure() != nil {
			return nil // judged as broken
		}
		if err := l.readAhead(); err != nil {
			return err
		}
	}
	l.endAt = x.position()
	l.end = x.command(kindContent, dotCRLF)
	return nil
}

// window is how many chunks may be without a reply.
const window = 64

// chunks sends content with BDAT (RFC 3030 §2). Chunks are pipelined, but the
// last one waits until all others were taken: it is never said after a refusal.
func (x *exchange) chunks(l *letter) error {
	last := -1
	for !l.body.eof {
		last = x.chunk(kindChunk, l.ahead, lineEnd)
		x.wait(window)
		if x.chunkRefused(l, last) || x.failure() != nil {
			return nil
		}
		if err := l.readAhead(); err != nil {
			return err
		}
	}
	if last >= 0 {
		x.wait(0)
		if x.chunkRefused(l, last) || x.failure() != nil {
			return nil
		}
	}
	x.dirty = false
	l.endAt = x.position()
	l.end = x.chunk(kindContent, l.ahead, lastWord)
	return nil
}

var (
	bdatWord = []byte("BDAT ")
	lastWord = []byte(" LAST\r\n")
	lineEnd  = []byte(crlf)
)

// chunk sends one chunk.
func (x *exchange) chunk(k kind, data, suffix []byte) int {
	var digits [20]byte
	x.put(bdatWord)
	x.put(strconv.AppendInt(digits[:0], int64(len(data)), 10))
	x.put(suffix)
	return x.command(k, data)
}

// chunkRefused finishes the message if a chunk up to that in slot last was
// refused.
func (x *exchange) chunkRefused(l *letter, last int) bool {
	for ; l.judged <= last; l.judged++ {
		s := x.reply(l.judged)
		if s.code == 0 {
			return false
		}
		if s.code >= 400 {
			l.finish(nil, &SendError{Outcome: Refused, Reply: refusal(s.code, s.text), Refused: l.refused})
			x.afterRefusedChunk()
			return true
		}
	}
	return false
}

// afterRefusedChunk ends the transaction, and waits to see it ended: the chunks
// that were on their way should be taken and thrown away (RFC 3030 §2), and a
// server that reads them as commands must not answer the next message with that.
func (x *exchange) afterRefusedChunk() {
	x.wait(0)
	i := x.command(kindReset, resetLine)
	x.dirty = false
	x.wait(0)
	if s := x.reply(i); s.code >= 300 {
		x.abort(fmt.Errorf("%w: RSET was answered %d behind a refused chunk", ErrPipelining, s.code))
	}
}
