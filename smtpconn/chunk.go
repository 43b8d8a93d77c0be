package smtpconn

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"

	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/line/smtp/transaction"
)

var (
	errLength  = errors.New("smtpconn: the content is shorter or longer than its method Len has said")
	errRefused = errors.New("smtpconn: the server lists CHUNKING and does not take BDAT; with Options.NoChunking it is not used")
)

// sendChunks sends binary content with BDAT (RFC 3030 §2): in one chunk if its
// length is known, else in many. The last is never said after a refusal, so it
// waits for the replies to all others; the others wait for nothing.
func (s *sender) sendChunks(o *outgoing) error {
	if !s.line.takesChunks && len(o.start) > 0 {
		if err := s.probeChunks(o); err != nil || o.done || s.Failed() {
			return err
		}
	}
	for !o.content.AtEnd && o.length < 0 { // not known, and more than was read ahead
		if err := s.sendChunk(o, len(o.start), false); err != nil {
			return err
		}
		if s.ReadArrived(); s.chunkRefused(o) || s.Failed() {
			return nil
		}
		n, err := o.content.Fill(o.start[:cap(o.start)])
		if err != nil {
			return err
		}
		o.start = o.start[:n]
	}
	left := len(o.start)
	if !o.content.AtEnd {
		if o.length < o.content.Size {
			return errLength
		}
		left += int(o.length - o.content.Size)
	}
	if o.env.BeforeEnd != nil && left > 0 {
		if err := s.sendChunk(o, left, false); err != nil {
			return err
		}
		left = 0
	}
	if !s.chunksTaken(o) {
		return nil
	}
	if ready, err := s.readyToEnd(o); !ready {
		return err
	}
	s.needsReset = false
	return s.sendChunk(o, left, true)
}

// probeChunks sends a chunk of one byte and NOOP, and looks whether the server takes
// the one for content and the other for a command. One that does not take chunks
// reads them as commands, whatever it answers: of one byte without a line end, and
// NOOP behind it, it can make none.
func (s *sender) probeChunks(o *outgoing) error {
	if err := s.sendChunk(o, 1, false); err != nil {
		return err
	}
	i := s.Command(noopLine, &s.expect.noop)
	taken := s.chunksTaken(o)
	if r := s.Answer(i); r.Refused() && r.Code != smtpline.ServiceClosing {
		s.Fail(fmt.Errorf("%w (%d in reply to NOOP behind a chunk)", errUnfinished, r.Code))
		o.finish(nil, &SendError{Outcome: NotSent, Phase: PhaseContent, Refused: o.refused, Err: errRefused})
	}
	s.line.takesChunks = taken
	return nil
}

// sendChunk sends n bytes of the content as a chunk.
func (s *sender) sendChunk(o *outgoing, n int, last bool) error {
	want, end := &s.expect.chunk, "\r\n"
	s.wantsContent = true
	if last {
		want, end = &s.expect.end, " LAST\r\n"
		o.endAt = s.Position()
	}
	s.Put(append(strconv.AppendInt([]byte("BDAT "), int64(n), 10), end...))
	if last && n > 0 {
		o.endAt = s.Position() + int64(n) - 1 // the server has the message with the last byte
	}
	ahead := min(n, len(o.start))
	s.Put(o.start[:ahead])
	o.start = slices.Delete(o.start, 0, ahead)
	for n -= ahead; n > 0 && !s.Failed(); {
		room := s.Room(1)
		got, err := o.content.Fill(room[:min(len(room), n)])
		if err != nil {
			return err
		}
		s.Filled(got)
		if n -= got; n > 0 && o.content.AtEnd {
			return errLength
		}
	}
	if last && !o.content.AtEnd {
		if more, err := o.content.Fill(make([]byte, 1)); err != nil || more > 0 {
			return cmp.Or(err, errLength)
		}
	}
	s.wantsContent = false
	i := s.Command(nil, want)
	if last {
		o.end = i
	}
	return nil
}

// chunksTaken awaits the replies to all chunks, and reports whether they accept.
func (s *sender) chunksTaken(o *outgoing) bool {
	s.Wait()
	return !s.chunkRefused(o) && !s.Failed()
}

// chunkRefused finishes a message if one of its chunks, the last one too, is known to
// have been refused. The session goes on only if the server must have taken the chunk:
// it knows the command, and no other chunk was sent behind it.
func (s *sender) chunkRefused(o *outgoing) bool {
	isChunk := func(r transaction.Answer) bool { return r.Want == &s.expect.chunk || r.Want == &s.expect.end }
	answers := s.Answers()
	i := slices.IndexFunc(answers, func(r transaction.Answer) bool { return isChunk(r) && r.Refused() })
	if i < 0 {
		return false
	}
	r := s.Answer(i)
	e := &SendError{Outcome: Refused, Phase: PhaseContent, Reply: refusal(r.Code, r.Text), Refused: o.refused}
	if i == o.end {
		e.Phase = PhaseEnd
	}
	unknown := r.Code >= 500 && r.Code <= 504
	if unknown {
		e.Err = errRefused
	}
	if unknown || slices.ContainsFunc(answers[i+1:], isChunk) {
		s.Fail(fmt.Errorf("%w (%d in reply to BDAT)", errUnfinished, r.Code))
	}
	o.finish(nil, e)
	return true
}
