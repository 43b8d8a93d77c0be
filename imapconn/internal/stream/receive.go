package stream

import (
	"bytes"

	"github.com/mailconn/mailconn/imapconn/internal/notice"
	"github.com/mailconn/mailconn/internal/line/imap/mend"
	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// next makes the next response ready that is for the client, or a part of it.
func (s *Stream) next() error {
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

// find waits for a whole response, or for the announcement of a body.
func (s *Stream) find() (response.Extent, error) {
	s.frame.Reset(s.tail)
	for {
		if x := s.current(); x != nil { // it may have begun while this waited
			s.frame.Hold, s.frame.Whole = x.Hold, x.Data != nil
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
func (s *Stream) more() error {
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
func (s *Stream) plain(b []byte, h response.Head) (bool, error) {
	switch h.Kind {
	case response.Fetch, response.Exists, response.Recent, response.Expunge, response.List:
	default:
		return false, nil
	}
	if h.Tagged || !s.scanner().Scan(b, h) {
		return false, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.bulk.exchange != nil:
		return false, nil
	case h.Kind != response.Fetch:
		s.observe(b, h)
		return true, s.hold(h.Kind, len(b))
	case s.handlers.fetches == maxHandlers:
		return false, nil
	}
	return true, s.deliver(h.Number, s.scan.UID, s.scan.Asked)
}

// handle deals with a response.
func (s *Stream) handle(e response.Extent) error {
	if e.Numbers {
		s.numbers = response.NewNumbers(s.Limits, s.frame.Head)
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
	if done, err := s.answersDo(b, h, e); done {
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

// data deals with a response that needs nothing but to be read.
func (s *Stream) data(b []byte, h response.Head) error {
	s.observe(b, h)
	s.mu.Lock()
	err := s.hold(h.Kind, len(b))
	s.mu.Unlock()
	switch {
	case err != nil && h.Kind == response.Thread && s.lose(h.Kind, err): // all of them come in one response
		s.drop(len(b), mend.Unreadable, h.Kind.Word())
		return nil
	case err != nil:
		return err
	case s.scanner().Scan(b, h):
		s.pass(len(b))
		return nil
	}
	r := mend.ResponseOf(b, h, s.Limits)
	s.notices.Faults(r.Faults, 0, 0)
	if r.Out == nil {
		s.lose(h.Kind, notice.Unreadable(h.Kind.Word(), b))
	}
	s.replace(len(b), r.Out)
	return nil
}
