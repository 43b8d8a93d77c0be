package imapconn

import (
	"bytes"
	"fmt"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/line/imap/mend"
	"github.com/mailconn/mailconn/internal/line/imap/response"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// next makes the next response ready that is for the client, or a part of it.
func (s *stream) next() error {
	if s.numbers != nil {
		return s.moreNumbers()
	}
	if s.hidden != nil && s.body > 0 {
		return s.skipBody()
	}
	e, err := s.find()
	if err == errWoken || err == nil && s.between() && s.owed() {
		return nil
	}
	if err == nil {
		err = s.handle(e)
	}
	if err == nil {
		err = s.more()
	}
	return err
}

// between reports whether the client, when it has read what is ready, is between two
// responses.
func (s *stream) between() bool { return !s.tail && s.numbers == nil && !s.joining }

// owed is give for a caller that does not hold s.mu.
func (s *stream) owed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.give()
}

// give gives the client what it gets from this side, if there is something: the consent
// to a literal that the server has refused, or the refusal at the end of the command.
// s.mu is held.
func (s *stream) give() bool {
	p := &s.pending
	if p.owed == nil {
		return false
	}
	s.made, p.owed = p.owed, nil
	if p.open != p.refusing {
		p.remove(p.refusing)
		p.refusing = nil
		s.clock.progress(p.due() != nil)
	}
	return true
}

// find waits for a whole response, or for the announcement of a body.
func (s *stream) find() (response.Extent, error) {
	s.frame.Reset(s.tail)
	for {
		if x := s.current(); x != nil { // it may have begun while this waited
			s.frame.Hold, s.frame.Whole = x.hold, x.data != nil
		}
		e, err := s.frame.Find(s.in.data())
		if err != nil || e.Len > 0 || e.Numbers {
			return e, err
		}
		if err := s.fill(e.Need); err != nil {
			return e, err
		}
	}
}

// more lets the responses that follow pass at once, if they are there and the client
// reads them as they stand.
func (s *stream) more() error {
	for s.from < s.to && s.to == s.in.start && !s.tail {
		s.frame.Reset(false)
		e, err := s.frame.Find(s.in.data())
		if err != nil || e.Len == 0 || e.Body > 0 {
			return nil // it comes up again when it is its turn
		}
		plain, err := s.plain(s.in.data()[:e.Len], s.frame.Head)
		if err != nil || !plain {
			return err
		}
		s.pass(e.Len)
	}
	return nil
}

// plain reports whether a response may pass without more ado. If so, it is noted.
func (s *stream) plain(b []byte, h response.Head) (bool, error) {
	switch h.Kind {
	case response.Fetch, response.Exists, response.Recent, response.Expunge, response.List:
	default:
		return false, nil
	}
	if h.Tagged || !s.scan.Scan(b, h) {
		return false, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.bulk.exchange != nil:
		return false, nil
	case h.Kind != response.Fetch:
		s.observe(h)
		return true, s.hold(h.Kind, len(b))
	case s.handlers.fetches == maxHandlers:
		return false, nil
	}
	return true, s.deliver(h.Number, s.scan.UID, s.scan.Asked)
}

// pass lets n bytes of the input pass to the client as they are.
func (s *stream) pass(n int) {
	if s.from == s.to {
		s.from = s.in.start
	}
	s.in.use(n)
	s.to = s.in.start
}

// replace gives the client out in place of n bytes of the input.
func (s *stream) replace(n int, out []byte) {
	s.in.use(n)
	s.made = out
}

// handle deals with a response.
func (s *stream) handle(e response.Extent) error {
	if e.Numbers {
		s.numbers = response.NewNumbers(s.limits, s.frame.Head)
		return nil
	}
	if s.tail {
		return s.fetchTail(e)
	}
	b, h := s.in.data()[:e.Len], s.frame.Head
	switch {
	case len(bytes.TrimSpace(b)) == 0:
		s.drop(e.Len, mend.Unfamiliar, "an empty line")
		return nil
	case h.Kind == response.Continue:
		return s.continuation(b, h)
	case h.Tagged:
		return s.tagged(b, h)
	}
	if done, err := s.answersDo(b, h); done {
		s.in.use(e.Len)
		return err
	}
	switch {
	case h.Kind == response.Fetch:
		return s.fetch(h, e)
	case h.Kind == response.Unknown:
		s.drop(e.Len, mend.Unfamiliar, kindless(h.Name(b)))
		return nil
	case h.Kind.Solicited() && s.awaiting(h.Kind) == nil:
		s.drop(e.Len, mend.Unfamiliar, "response "+h.Kind.Word()+", which answers no command,")
		return nil
	}
	if h.Kind.IsStatus() {
		s.heard(b, h)
	}
	return s.data(b, h)
}

// kindless returns what a response is called whose kind is not known.
func kindless(name []byte) string {
	if len(name) == 0 {
		return "a response without a name"
	}
	return "response " + string(bytes.ToUpper(name[:min(len(name), 40)]))
}

// drop leaves n bytes of the input out.
func (s *stream) drop(n int, class mend.Class, what string) {
	b := s.in.data()[:n]
	s.notices.faults([]mend.Fault{{Class: class, What: what, Words: b[:min(len(b), 100)]}}, 0, 0)
	s.in.use(n)
}

// awaiting returns the oldest command that a kind of response answers, and nil if there
// is none.
func (s *stream) awaiting(k response.Kind) *command {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending.first(func(c *command) bool { return k.Answers(c.name) })
}

// observe tells the observer of what a response says of the selected mailbox.
func (s *stream) observe(h response.Head) {
	switch h.Kind {
	case response.Exists:
		s.observer.Exists(h.Number)
	case response.Expunge:
		s.observer.Expunged(h.Number)
	}
}

// data deals with a response that needs nothing but to be read.
func (s *stream) data(b []byte, h response.Head) error {
	s.observe(h)
	s.mu.Lock()
	err := s.hold(h.Kind, len(b))
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if s.scan.Scan(b, h) {
		s.pass(len(b))
		return nil
	}
	r := mend.ResponseOf(b, h, s.limits)
	s.notices.faults(r.Faults, 0, 0)
	if r.Out == nil {
		s.lose(h.Kind, unreadable(h.Kind.Word(), b[:min(len(b), 100)]))
	}
	s.replace(len(b), r.Out)
	return nil
}

// lose has the commands fail that a response of this kind may answer, as it was left out:
// data that is lost in silence would be taken for data that is not there.
func (s *stream) lose(k response.Kind, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.pending.list {
		if k.Answers(c.name) && c.lost == nil {
			c.lost = err
		}
	}
}

// hold counts what the client, or a program that collects it, may hold of the answers to
// a command, as an estimate in bytes. s.mu is held.
func (s *stream) hold(k response.Kind, n int) error {
	const each = 200 // what a value takes with its maps, slices and pointers
	switch k {
	case response.Thread:
		n *= 16
	case response.Expunge:
		n = 8
	case response.List, response.Status, response.Metadata, response.Enabled, response.Search, response.Sort, response.Quota:
		n += each
	default:
		return nil
	}
	if s.pending.due() == nil {
		return nil // nothing is kept of it
	}
	if k == response.List || k == response.Expunge {
		s.pending.delivering = s.pending.first(func(c *command) bool { return c.name == k.Word() })
	}
	if most := 8 * s.limits.Line; s.kept+n > most {
		return exceeded("answers to a command that take more than %d bytes", most)
	}
	s.kept += n
	return nil
}

// exceeded returns the violation of a limit.
func exceeded(format string, args ...any) error {
	v := wire.Violation(policy.ErrLimit, "")
	v.Err = fmt.Errorf(format, args...)
	return v
}

// moreNumbers reads on in a list of numbers, or writes on.
func (s *stream) moreNumbers() error {
	n := s.numbers
	for !n.Ended() {
		used, err := n.Read(s.in.data())
		s.in.use(used)
		if err != nil {
			return err
		}
		if n.Ended() {
			break
		}
		if err := s.fill(1); err != nil {
			return err
		}
	}
	if n.Odd > 0 {
		s.notices.faults([]mend.Fault{{Class: mend.Unreadable, What: "number of a message", Words: []byte(n.Example)}}, 0, 0)
		n.Odd = 0
	}
	if s.awaiting(n.Kind()) == nil {
		s.numbers = nil
		s.drop(0, mend.Unfamiliar, "response "+n.Kind().Word()+", which answers no command,")
		return nil
	}
	out, done := n.Append(make([]byte, 0, smallBuffer))
	if done {
		s.numbers = nil
	}
	s.made = out
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hold(n.Kind(), len(out))
}

// heard looks at a status response for what no command returns.
func (s *stream) heard(b []byte, h response.Head) {
	text := bytes.TrimSpace(b[h.Args:])
	const alert = "[ALERT]"
	if len(text) >= len(alert) && bytes.EqualFold(text[:len(alert)], []byte(alert)) {
		s.notices.tell(Notice{Alert: wire.Printable(string(bytes.TrimSpace(text[len(alert):])))})
	}
	if h.Kind == response.BYE {
		s.bye("BYE " + string(text))
	}
}

// bye notes that the server leaves.
func (s *stream) bye(text string) {
	s.mu.Lock()
	expected := s.pending.first(func(c *command) bool { return c.name == "LOGOUT" }) != nil
	s.goodbye = &farewell{text: text, expected: expected}
	s.mu.Unlock()
	if !expected {
		s.notices.tell(Notice{Farewell: &dial.Farewell{Reply: wire.Printable(text)}})
	}
}

// continuation deals with a continuation request. One that no command waits for would
// make the client give up.
func (s *stream) continuation(b []byte, h response.Head) error {
	s.mu.Lock()
	c := s.pending.waiting()
	if c != nil {
		c.waits = false
		if c.own != nil {
			c.consent <- true
			s.in.use(len(b))
			s.clock.progress(true)
			s.mu.Unlock()
			return nil
		}
		c.idling = c.name == "IDLE"
		s.clock.progress(s.pending.due() != nil)
	}
	s.mu.Unlock()
	if c == nil {
		s.drop(len(b), mend.Unfamiliar, "a continuation request that no command waits for,")
		return nil
	}
	if s.scan.Scan(b, h) {
		s.pass(len(b))
		return nil
	}
	s.replace(len(b), mend.ResponseOf(b, h, s.limits).Out)
	return nil
}
