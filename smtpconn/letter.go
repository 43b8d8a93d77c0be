package smtpconn

import (
	"bytes"

	"github.com/emersion/go-smtp"
)

// letter is a message on its way.
type letter struct {
	env      Envelope
	commands []byte  // MAIL and RCPT, each with its line end
	body     cleaner // what is left of the content
	ahead    []byte  // content read from body and not yet sent
	bdat     bool    // content goes in chunks

	mail, rcpts, data int // slots; -1: not said
	refused           []Refusal

	endAt int64 // where the terminator begins in what is written; -1: nowhere
	end   int   // its slot

	judged int // chunks whose replies were looked at

	done    bool // and this is what came of it:
	receipt *Receipt
	err     error
}

// aheadSize is how much of a message is read before anything of it is said. A
// shorter one is checked, and its size known, while nothing can go wrong.
const aheadSize = 16 << 10

// prepare makes a letter of m. A letter that cannot be sent is done.
func (x *exchange) prepare(m *Message) *letter {
	x.turn = 1 - x.turn
	l := &x.letters[x.turn]
	buffer := l.ahead[:0]
	if buffer == nil {
		buffer = make([]byte, 0, aheadSize)
	}
	*l = letter{env: m.Envelope, commands: l.commands[:0], ahead: buffer, mail: -1, rcpts: -1, data: -1, endAt: -1}
	if err := x.fill(l, m); err != nil {
		l.finish(nil, &SendError{Outcome: NotSent, Err: x.blame(err)})
		return l
	}
	x.usage.use(&l.env)
	return l
}

// fill checks the message and reads ahead.
func (x *exchange) fill(l *letter, m *Message) (err error) {
	e := &l.env
	if m.Content == nil {
		return errContent
	}
	if err = e.check(); err != nil {
		return err
	}
	if err = x.features.permit(e); err != nil {
		return err
	}
	if err = x.usage.permit(e); err != nil {
		return err
	}
	size := declared(e, m.Content)
	if err = x.features.fits(size); err != nil {
		return err
	}
	t := e.bodyType()
	l.body = cleaner{src: sourceOf(x.ctx, m.Content), binary: t == smtp.BodyBinaryMIME, eightBit: t == smtp.Body8BitMIME, normalize: e.NormalizeLines, short: e.ShortLines}
	if err = l.readAhead(); err != nil {
		return err
	}
	if l.body.eof && (e.Mail == nil || e.Mail.Size == 0) {
		size = int64(len(l.ahead))
	}
	if err = x.features.fits(size); err != nil {
		return err
	}
	// A text that takes several buffers goes in chunks, which need no stuffing
	// and no DATA; without pipelining each would cost a round trip.
	l.bdat = l.body.binary || x.features.chunking && x.features.pipelining && !l.body.eof
	l.commands, err = x.render(l.commands, e, size)
	return err
}

// readAhead fills the letter's buffer, unless nothing is left.
func (l *letter) readAhead() error {
	n, err := l.body.fill(l.ahead[:cap(l.ahead)])
	l.ahead = l.ahead[:n]
	return err
}

// declared returns the size of the content, 0 if it is not known: what the
// caller says, or what the reader says of itself.
func declared(e *Envelope, content any) int64 {
	if e.Mail != nil && e.Mail.Size != 0 {
		return e.Mail.Size
	}
	if r, ok := content.(interface{ Len() int }); ok && !e.NormalizeLines { // which makes it longer
		return int64(r.Len())
	}
	return 0
}

func (l *letter) finish(r *Receipt, err *SendError) {
	if l.done {
		return
	}
	l.done, l.receipt = true, r
	if err != nil {
		l.err = err
	}
	l.env, l.body = Envelope{}, cleaner{} // the caller's
}

// eachCommand calls f with the lines MAIL and RCPT, until it returns false.
func (l *letter) eachCommand(f func(k kind, line []byte) bool) {
	k := kindMail
	for rest := l.commands; len(rest) > 0; k = kindRcpt {
		n := bytes.IndexByte(rest, '\n') + 1
		if !f(k, rest[:n]) {
			return
		}
		rest = rest[n:]
	}
}
