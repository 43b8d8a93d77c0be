package smtpconn

import (
	"cmp"
	"errors"
	"io"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/line/smtp/transaction"
	"github.com/mailconn/mailconn/internal/wire"
)

// outgoing is a message on its way.
type outgoing struct {
	env      Envelope
	commands []byte              // MAIL and RCPT, each with its line end
	content  transaction.Encoder // what is left of it
	start    []byte              // encoded content that was read ahead
	chunked  bool                // it goes by BDAT
	length   int64               // of chunked content; -1: not known

	mail, data, end int   // the numbers of their replies, -1 if they were not said; RCPT's follow mail
	endAt           int64 // where the end begins in what is written, -1 if it was not put

	begun    bool // its content may have been sent in part
	accepted []string
	refused  []Refusal
	done     bool // and this is what came of it:
	receipt  *Receipt
	err      error
}

// aheadSize is how much of a message is read before anything of it is said. A
// shorter one is checked, and its size known, while the session is not touched.
const aheadSize = 16 << 10

// prepare makes an outgoing message of m. One that cannot be sent is done.
func (s *sender) prepare(m *Message) *outgoing {
	s.turn = 1 - s.turn
	o := &s.outgoing[s.turn]
	start := o.start[:0]
	if start == nil {
		start = make([]byte, 0, aheadSize)
	}
	*o = outgoing{env: m.Envelope, commands: o.commands[:0], start: start, mail: -1, data: -1, end: -1, endAt: -1}
	if m.Content == nil {
		o.finish(nil, badCall(errNilContent))
	} else if err := s.compose(o, m.Content); err != nil {
		s.giveUp(o, PhaseConfig, err)
	} else {
		s.usage.use(&o.env)
	}
	return o
}

// compose checks the message, reads the start of its content, and renders its
// commands.
func (s *sender) compose(o *outgoing, content io.Reader) error {
	e := &o.env
	if err := cmp.Or(e.check(), s.features.permit(e), s.usage.permit(e)); err != nil {
		return err
	}
	size := knownSize(e, content)
	if err := s.features.fits(size); err != nil {
		return err
	}
	if err := s.open(o, content); err != nil {
		return err
	}
	n, err := o.content.Fill(o.start[:cap(o.start)])
	if err != nil {
		return ofContent(err)
	}
	o.start = o.start[:n]
	if o.content.Done() && e.mail().Size == 0 {
		size = o.content.Size
	}
	if err := s.features.fits(size); err != nil {
		return err
	}
	o.commands, err = s.features.render(o.commands, e, size)
	return err
}

// open begins to read the content. Where bytes beyond ASCII cannot be sent, content
// that can be sought is looked through first: found later they would cost the
// session.
func (s *sender) open(o *outgoing, content io.Reader) error {
	e, t := &o.env, o.env.mail().Body
	o.chunked, o.length = t == smtp.BodyBinaryMIME, -1
	if sized, ok := content.(interface{ Len() int }); ok {
		o.length = int64(sized.Len())
	}
	o.content = transaction.Encoder{
		Source: sourceOf(s.Context(), content), Binary: o.chunked,
		ASCII:     t == smtp.Body7Bit || t == "" && !s.features.eightBit,
		Normalize: e.NormalizeLines, Short: e.ShortLines,
	}
	seeker, ok := o.content.Source.(io.Seeker)
	if !o.content.ASCII || !ok {
		return nil
	}
	at, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil // it cannot be sought
	}
	if err := transaction.LookThrough(o.content.Source, o.start[:cap(o.start)]); err != nil {
		return ofContent(err)
	}
	if _, err := seeker.Seek(at, io.SeekStart); err != nil {
		return ofContent(err)
	}
	return nil
}

// knownSize returns the size that the caller declares, or the content knows of
// itself, and 0 if there is none.
func knownSize(e *Envelope, content io.Reader) int64 {
	if declared := e.mail().Size; declared != 0 {
		return declared
	}
	if r, ok := content.(interface{ Len() int }); ok && !e.NormalizeLines { // which makes it longer
		return int64(r.Len())
	}
	return 0
}

// giveUp finishes a message that is not sent for an error on this side, found in a
// phase if the error does not say where. A context that has ended, with which
// content that waits fails, is not the message's fault.
func (s *sender) giveUp(o *outgoing, phase Phase, err error) {
	own := s.Context().Err() == nil
	var found *obstacle
	if errors.As(err, &found) {
		phase, own = found.phase, own && !found.blameless
	}
	if own {
		err = &wire.Fault{Err: err}
	}
	o.finish(nil, &SendError{Outcome: NotSent, Phase: phase, Refused: o.refused, Err: err})
}

func (o *outgoing) finish(r *Receipt, err *SendError) {
	if o.done {
		return
	}
	o.done, o.receipt = true, r
	if err != nil {
		o.err = err
	}
	o.env, o.content = Envelope{}, transaction.Encoder{} // the caller's
}

// readyToEnd calls the envelope's BeforeEnd, and reports whether the message's end
// may be sent.
func (s *sender) readyToEnd(o *outgoing) (bool, error) {
	if o.env.BeforeEnd == nil {
		return true, nil
	}
	if s.Flush(); s.Failed() {
		return false, nil
	}
	if err := o.env.BeforeEnd(s.Context()); err != nil {
		return false, &obstacle{err, PhaseEnd, true}
	}
	if s.Context().Err() != nil {
		s.Fail(errUnfinished)
	}
	return !s.Failed(), nil
}

var (
	dataLine  = []byte("DATA\r\n")
	resetLine = []byte("RSET\r\n")
	noopLine  = []byte("NOOP\r\n")
	dotLine   = []byte(".\r\n")

	errUnfinished = errors.New("smtpconn: the connection was closed because a message could not be finished")
	errNotReset   = errors.New("smtpconn: the connection was closed because the server did not end a transaction when told to")
)
