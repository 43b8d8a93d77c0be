package smtpconn

import "time"

// kind is what a reply answers.
type kind uint8

const (
	kindMail kind = iota + 1
	kindRcpt
	kindData
	kindChunk   // BDAT that is not the last
	kindContent // the final dot, or BDAT LAST
	kindReset
)

func (k kind) String() string {
	return [...]string{"nothing", "MAIL", "RCPT", "DATA", "BDAT", "the end of the message", "RSET"}[k]
}

// permits reports whether code can be a reply: by its first digit, whatever
// the rest (RFC 5321 §4.3.2).
func (k kind) permits(code int) bool {
	if code >= 400 {
		return true
	}
	return (code >= 300) == (k == kindData)
}

// times are how long replies may be in coming, and how long a write may stall.
// Zero is for ever.
type times struct {
	command, data, content, block time.Duration
}

// sendTimes are those of RFC 5321 §4.5.3.2, unless the options have another
// idea.
func (o *Options) sendTimes() times {
	switch t := o.ReplyTimeout; {
	case t < 0:
		return times{}
	case t > 0:
		return times{t, t, t, t}
	}
	return times{command: 5 * time.Minute, data: 2 * time.Minute, content: 10 * time.Minute, block: 3 * time.Minute}
}

func (t times) of(k kind) time.Duration {
	switch k {
	case kindData:
		return t.data
	case kindContent:
		return t.content
	}
	return t.command
}

// after returns the time d from now; zero, which is never, if d is.
func after(d time.Duration) time.Time {
	if d == 0 {
		return time.Time{}
	}
	return time.Now().Add(d)
}
