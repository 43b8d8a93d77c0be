package smtpconn

import (
	"errors"
	"io"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/wire"
)

// outgoing is a message on its way.
type outgoing struct {
	env      Envelope
	commands []byte  // MAIL and RCPT, each with its line end
	content  encoder // what is left of it
	start    []byte  // encoded content that was read ahead
	chunked  bool    // it goes by BDAT
	length   int64   // of chunked content; -1: not known

	mail, data, end int   // the numbers of their replies, -1 if they were not said; RCPT's follow mail
	endAt           int64 // where the end begins in what is written, -1 if it was not put

	begun   bool // its content may have been sent in part
	refused []Refusal
	done    bool // and this is what came of it:
	receipt *Receipt
	err     error
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
	switch err := s.compose(o, m.Content); {
	case m.Content == nil:
		o.finish(nil, badCall(errNilContent))
	case err != nil:
		o.finish(nil, &SendError{Outcome: NotSent, Phase: composePhase(err), Err: s.blame(err)})
	default:
		s.usage.use(&o.env)
	}
	return o
}

// compose checks the message, reads the start of its content, and renders its
// commands.
func (s *sender) compose(o *outgoing, content io.Reader) error {
	e := &o.env
	if content == nil {
		return nil
	}
	if err := firstError(e.check(), s.features.permit(e), s.usage.permit(e)); err != nil {
		return err
	}
	size := knownSize(e, content)
	if err := s.features.fits(size); err != nil {
		return err
	}
	if err := s.open(o, content); err != nil {
		return err
	}
	n, err := o.content.read(o.start[:cap(o.start)])
	if err != nil {
		return &contentError{err}
	}
	o.start = o.start[:n]
	if o.content.done() && (e.Mail == nil || e.Mail.Size == 0) {
		size = o.content.size
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
	e, t := &o.env, o.env.bodyType()
	o.chunked, o.length = t == smtp.BodyBinaryMIME, -1
	if sized, ok := content.(interface{ Len() int }); ok {
		o.length = int64(sized.Len())
	}
	o.content = encoder{
		src: sourceOf(s.Context(), content), binary: o.chunked,
		ascii:     t == smtp.Body7Bit || t == "" && !s.features.eightBit,
		normalize: e.NormalizeLines, short: e.ShortLines,
	}
	seeker, ok := content.(io.Seeker)
	if !o.content.ascii || !ok {
		return nil
	}
	at, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil // it cannot be sought after all
	}
	if err := lookThrough(o.content.src, o.start[:cap(o.start)]); err != nil {
		return &contentError{err}
	}
	if _, err := seeker.Seek(at, io.SeekStart); err != nil {
		return &contentError{err}
	}
	return nil
}

// lookThrough reads all of r, by way of buf, and returns an error if it is not
// ASCII.
func lookThrough(r io.Reader, buf []byte) error {
	for {
		n, err := r.Read(buf)
		switch {
		case !isASCII(buf[:n]):
			return ErrEightBit
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// knownSize returns the size that the caller declares, or the content knows of
// itself, and 0 if there is none.
func knownSize(e *Envelope, content io.Reader) int64 {
	if e.Mail != nil && e.Mail.Size != 0 {
		return e.Mail.Size
	}
	if r, ok := content.(interface{ Len() int }); ok && !e.NormalizeLines { // which makes it longer
		return int64(r.Len())
	}
	return 0
}

// contentError marks an error as one of the content.
type contentError struct{ error }

func (e *contentError) Unwrap() error { return e.error }

// composePhase returns the phase of an error of compose.
func composePhase(err error) Phase {
	var content *contentError
	if errors.As(err, &content) || errors.Is(err, ErrTooLarge) {
		return PhaseContent
	}
	return PhaseConfig
}

// blame marks what keeps a message from being sent as the message's own fault,
// unless a new session would not have it, or the context has ended, which content
// that waits fails with.
func (s *sender) blame(err error) error {
	var spent *spentError
	if errors.As(err, &spent) || s.Context().Err() != nil {
		return err
	}
	return &wire.Fault{Err: err}
}

func (o *outgoing) finish(r *Receipt, err *SendError) {
	if o.done {
		return
	}
	o.done, o.receipt = true, r
	if err != nil {
		o.err = err
	}
	o.env, o.content = Envelope{}, encoder{} // the caller's
}
