package smtpconn

import smtpline "github.com/mailconn/mailconn/internal/line/smtp"

// The lines that are always the same.
var (
	dataLine  = []byte("DATA\r\n")
	resetLine = []byte("RSET\r\n")
	dotCRLF   = []byte(".\r\n")
)

// step sends the content of cur and the envelope of next in one group (RFC
// 2920 §3.1), either of which may be nil, and reads the replies. cur is done
// then; next is done if it failed, or waits for its content to be sent.
func (x *exchange) step(cur, next *letter) {
	x.renew()
	if cur != nil && !cur.done {
		x.content(cur)
	}
	x.tidy()
	if next != nil && !next.done {
		x.envelope(next)
	}
	x.wait(0)
	if cur != nil && !cur.done {
		x.judgeContent(cur)
	}
	if next != nil && !next.done {
		x.judgeEnvelope(next)
	}
}

// tidy ends what a message that failed has left: content that the server asked
// for and nobody is to get, and a transaction.
func (x *exchange) tidy() {
	if x.lone {
		x.command(kindContent, dotCRLF)
		x.lone = false
	}
	if x.dirty {
		x.command(kindReset, resetLine)
		x.dirty = false
	}
}

// envelope says MAIL, RCPT and, where it can be said without knowing the
// replies, DATA.
func (x *exchange) envelope(l *letter) {
	l.eachCommand(func(k kind, line []byte) bool {
		i := x.command(k, line)
		if k == kindMail {
			l.mail, l.rcpts = i, i+1
		}
		return k != kindMail || !x.refused(i)
	})
	if x.features.pipelining && !l.bdat && !l.env.AllRecipients {
		l.data = x.command(kindData, dataLine)
	}
}

// refused reports whether a command is known to have been refused.
func (x *exchange) refused(i int) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.slots[i].code >= 400
}

// reply returns the reply in a slot, with code 0 if there is none. It is
// called when none is outstanding.
func (x *exchange) reply(i int) slot {
	x.mu.Lock()
	defer x.mu.Unlock()
	if i < 0 || i >= x.read {
		return slot{}
	}
	return x.slots[i]
}

// lastReply returns the last reply there was.
func (x *exchange) lastReply() slot {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.read == 0 {
		return slot{}
	}
	return x.slots[x.read-1]
}

// judgeEnvelope decides whether a message's content is to be sent.
func (x *exchange) judgeEnvelope(l *letter) {
	if x.envelopeFailed(l) {
		return
	}
	if l.bdat {
		x.dirty = true // until the last chunk is sent
		return
	}
	if l.data < 0 {
		l.data = x.command(kindData, dataLine)
		x.wait(0)
	}
	s := x.reply(l.data)
	switch {
	case x.failure() != nil:
		x.broken(l)
	case s.code >= 400:
		x.dirty = true
		l.finish(nil, &SendError{Outcome: Refused, Reply: refusal(s.code, s.text), Refused: l.refused})
	default:
		x.inData = true
	}
}

// envelopeFailed reports whether the replies to MAIL and RCPT mean that the
// message is not to be sent, and then finishes it.
func (x *exchange) envelopeFailed(l *letter) bool {
	mail := x.reply(l.mail)
	if mail.code < 400 {
		x.judgeRecipients(l)
	}
	none := len(l.refused) == len(l.env.To)
	somebody := x.acceptedAny(l)
	switch {
	case mail.code >= 400 && mail.code != smtpline.ServiceClosing:
		l.finish(nil, &SendError{Outcome: Refused, Reply: refusal(mail.code, mail.text)})
	case x.failure() != nil && !none:
		x.broken(l)
		return true
	case none, l.env.AllRecipients && len(l.refused) > 0:
		x.dirty = true
		l.finish(nil, &SendError{Outcome: Refused, Refused: l.refused})
	default:
		return false
	}
	// RFC 2920 §3.1: the server may want content all the same. A lone dot is
	// for nobody only if it has accepted nobody.
	if x.reply(l.data).code/100 == 3 {
		if x.lone = !somebody; somebody {
			x.abort(errUnfinished)
		}
	}
	return true
}

// acceptedAny reports whether the server has a recipient for a message.
func (x *exchange) acceptedAny(l *letter) bool {
	for i := range l.env.To {
		if s := x.reply(l.rcpts + i); s.code != 0 && s.code < 400 {
			return true
		}
	}
	return false
}

// lost reports whether the server's replies cannot be trusted to be those of
// the commands that they were counted to.
func (x *exchange) lost() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.astray
}

func (x *exchange) judgeRecipients(l *letter) {
	for i, to := range l.env.To {
		if s := x.reply(l.rcpts + i); s.code >= 400 {
			l.refused = append(l.refused, Refusal{Recipient: to, Reply: refusal(s.code, s.text)})
		}
	}
}

// judgeContent reads the last reply of a message.
func (x *exchange) judgeContent(l *letter) {
	s := x.reply(l.end)
	if l.endAt < 0 || s.code == 0 || x.lost() {
		x.broken(l)
		return
	}
	x.inData = false
	if s.code >= 400 {
		l.finish(nil, &SendError{Outcome: Refused, Reply: refusal(s.code, s.text), Refused: l.refused})
		return
	}
	l.finish(&Receipt{Accepted: l.accepted(), Refused: l.refused, Reply: printable(s.text)}, nil)
}

// accepted returns the recipients that were not refused, in their order.
func (l *letter) accepted() []string {
	list := make([]string, 0, len(l.env.To)-len(l.refused))
	refused := l.refused
	for _, to := range l.env.To {
		if len(refused) > 0 && refused[0].Recipient == to {
			refused = refused[1:]
			continue
		}
		list = append(list, to)
	}
	return list
}

// broken finishes a message whose connection has ended. Once a byte of its
// terminator was given to the connection nobody here knows what came of it.
func (x *exchange) broken(l *letter) {
	e := &SendError{Outcome: NotSent, Refused: l.refused, Err: x.failure()}
	if l.endAt >= 0 && x.handed > l.endAt {
		e.Outcome = Unknown
	} else if s := x.lastReply(); s.code == smtpline.ServiceClosing {
		e.Reply = refusal(s.code, s.text)
	}
	l.finish(nil, e)
}
