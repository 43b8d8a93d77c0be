package smtpconn

import (
	"bytes"
	"fmt"

	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/line/smtp/transaction"
)

// sender sends messages over a session: mail transactions over a pipeline.
type sender struct {
	*transaction.Pipeline
	line     *handover
	features features
	usage    *usage
	expect   expectations
	outgoing [2]outgoing // of a series there are two at a time
	turn     int

	// What the server is in the middle of.
	wantsContent bool // it has asked for the content of a message
	needsDot     bool // it has asked for content that no recipient is to get
	needsReset   bool // a transaction is to be ended by RSET
	reset        int  // the number of the reply to RSET, -1 if it was not said
}

// expectations are what replies to the commands must be.
type expectations struct {
	mail, rcpt, data, chunk, end, reset, noop transaction.Expectation
}

func newSender(line *handover, f features, u *usage, t times) *sender {
	fail := func(err error) error { return line.fail(err) }
	return &sender{
		Pipeline: transaction.NewPipeline(&line.Link, f.pipelining, fail),
		line:     line,
		features: f,
		usage:    u,
		expect: expectations{
			mail:  transaction.Expectation{Command: "MAIL", Accept: 2, Within: t.command},
			rcpt:  transaction.Expectation{Command: "RCPT", Accept: 2, Within: t.command},
			data:  transaction.Expectation{Command: "DATA", Accept: 3, Within: t.data},
			chunk: transaction.Expectation{Command: "BDAT", Accept: 2, Within: t.command},
			end:   transaction.Expectation{Command: "the end of the message", Accept: 2, Within: t.end, KeepText: true},
			reset: transaction.Expectation{Command: "RSET", Accept: 2, Within: t.command},
			noop:  transaction.Expectation{Command: "NOOP", Accept: 2, Within: t.command},
		},
	}
}

// step sends the content of cur and the envelope of next in one group (RFC 2920
// §3.1), either of which may be nil, and reads the replies. cur is done then; next
// is done if it failed, and otherwise waits for its content to be sent.
func (s *sender) step(cur, next *outgoing) {
	s.Forget()
	s.reset = -1
	if cur != nil {
		s.sendContent(cur)
	}
	if next != nil {
		s.endTransaction()
		s.sendEnvelope(next)
	}
	s.Wait()
	if cur != nil {
		s.judgeContent(cur)
	}
	s.judgeReset()
	if next != nil {
		s.judgeEnvelope(next)
	}
	if next != nil && !next.done {
		s.askForContent(next)
	}
}

// endTransaction ends what a message that failed has left: content that the server
// asked for and that no recipient is to get, and a transaction.
func (s *sender) endTransaction() {
	s.reset = -1
	if s.needsDot {
		s.Command(dotLine, &s.expect.end)
	}
	if s.needsReset {
		s.reset = s.Command(resetLine, &s.expect.reset)
	}
	s.needsDot, s.needsReset = false, false
}

// judgeReset closes the connection unless RSET was answered 250: a recipient of one
// message must never be one of the next.
func (s *sender) judgeReset() {
	if r := s.Answer(s.reset); r.Code != 0 && r.Code != 250 {
		s.Unreliable = true
		s.Fail(fmt.Errorf("%w (%d in reply to RSET)", errNotReset, r.Code))
	}
}

// sendEnvelope says MAIL, RCPT and, where it need not wait for the replies, DATA.
func (s *sender) sendEnvelope(o *outgoing) {
	want := &s.expect.mail
	for line := range bytes.Lines(o.commands) {
		i := s.Command(line, want)
		if o.mail < 0 {
			o.mail = i
		}
		if s.Answer(o.mail).Refused() {
			return
		}
		want = &s.expect.rcpt
	}
	if s.Ahead && !o.chunked && !o.env.allOrNone() {
		o.data = s.Command(dataLine, &s.expect.data)
	}
}

// judgeEnvelope finishes a message if the replies to its envelope mean that it is
// not to be sent.
func (s *sender) judgeEnvelope(o *outgoing) {
	mail := s.Answer(o.mail)
	s.judgeRecipients(o)
	switch {
	case s.Unreliable:
		s.finishBroken(o)
	case mail.Refused() && mail.Code != smtpline.ServiceClosing:
		s.needsReset = mail.Code == 503 || len(o.accepted) > 0 // it is in the middle of another, or of this one
		o.finish(nil, &SendError{Outcome: Refused, Phase: PhaseMail, Reply: refusal(mail.Code, mail.Text)})
	case len(o.refused) == len(o.env.To), o.env.allOrNone() && len(o.refused) > 0 && !s.Failed():
		s.needsReset = true
		o.finish(nil, &SendError{Outcome: Refused, Phase: PhaseRcpt, Refused: o.refused, others: len(o.accepted) > 0})
	case s.Failed():
		s.finishBroken(o)
	}
	if !o.done || s.Answer(o.data).Code/100 != 3 {
		return
	}
	// The server wants content all the same (RFC 2920 §3.1). A lone dot ends it only
	// if it is for no recipient.
	if s.needsDot = len(o.accepted) == 0; !s.needsDot {
		s.Fail(errUnfinished)
	}
}

// judgeRecipients notes which recipients were accepted, and which refused.
func (s *sender) judgeRecipients(o *outgoing) {
	o.accepted = make([]string, 0, len(o.env.To))
	for i, to := range o.env.To {
		switch r := s.Answer(o.mail + 1 + i); {
		case r.Refused() && !s.Answer(o.mail).Refused():
			o.refused = append(o.refused, Refusal{Recipient: to, Reply: refusal(r.Code, r.Text)})
		case r.Code != 0 && !r.Refused():
			o.accepted = append(o.accepted, to)
		}
	}
}

// askForContent says DATA if that had to wait, and judges the reply.
func (s *sender) askForContent(o *outgoing) {
	if o.chunked {
		s.needsReset = true // until the last chunk is sent
		return
	}
	if o.data < 0 {
		o.data = s.Command(dataLine, &s.expect.data)
		s.Wait()
	}
	switch r := s.Answer(o.data); {
	case r.Refused() && r.Code != smtpline.ServiceClosing:
		s.needsReset = true
		o.finish(nil, &SendError{Outcome: Refused, Phase: PhaseData, Reply: refusal(r.Code, r.Text), Refused: o.refused})
	case s.Failed():
		s.finishBroken(o)
	default:
		s.wantsContent = true
	}
}

// judgeContent reads the last reply of a message.
func (s *sender) judgeContent(o *outgoing) {
	r := s.Answer(o.end)
	switch {
	case o.done:
	case o.endAt < 0 || r.Code == 0 || s.Unreliable:
		s.finishBroken(o)
	case o.chunked && s.chunkRefused(o):
	case r.Refused():
		o.finish(nil, &SendError{Outcome: Refused, Phase: PhaseEnd, Reply: refusal(r.Code, r.Text), Refused: o.refused})
	default:
		o.finish(&Receipt{Accepted: o.accepted, Refused: o.refused, Reply: printable(r.Text)}, nil)
	}
	if r.Code != 0 {
		s.wantsContent = false
	}
}

// finishBroken finishes a message whose connection has ended. Once a byte of its
// end was given to the connection it cannot be known what came of it.
func (s *sender) finishBroken(o *outgoing) {
	e := &SendError{Outcome: NotSent, Phase: s.phase(o), Refused: o.refused, Err: s.Failure()}
	if o.endAt >= 0 && s.Given(o.endAt) {
		e.Outcome, e.Phase = InDoubt, PhaseEnd
	} else if r := s.Answer(s.Last()); r.Code == smtpline.ServiceClosing {
		e.Reply = refusal(r.Code, r.Text)
	}
	o.finish(nil, e)
}

// phase returns how far a message got whose connection has ended: to the first
// command without a reply, or the one that was answered 421.
func (s *sender) phase(o *outgoing) Phase {
	last := s.Last() + 1
	if s.Answer(last-1).Code == smtpline.ServiceClosing {
		last--
	}
	switch {
	case s.wantsContent || o.begun:
		return PhaseContent
	case last <= o.mail || o.mail < 0:
		return PhaseMail
	case last <= o.mail+len(o.env.To):
		return PhaseRcpt
	}
	return PhaseData
}
