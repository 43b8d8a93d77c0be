package stream

import (
	"bytes"
	"errors"
	"slices"

	"github.com/mailconn/mailconn/imapconn/internal/notice"
	"github.com/mailconn/mailconn/internal/line/imap/mend"
	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// fetch deals with a FETCH, whose head is h.
func (s *Stream) fetch(h response.Head, e response.Extent) error {
	b := s.in.data()[:e.Len]
	if e.Body > 0 {
		return s.fetchHead(b, h, e.Body)
	}
	if owned, err := s.takeFetch(b, h); owned {
		s.in.use(e.Len)
		return err
	}
	if s.scanner().Scan(b, h) {
		if err := s.delivered(h.Number, s.scan.UID, s.scan.Asked); err != nil {
			return err
		}
		s.pass(e.Len)
		return nil
	}
	f, err := mend.FetchOf(b, h, s.Limits)
	if err != nil {
		return notice.Malformed(b, err)
	}
	if f.Open {
		if longer, err := s.longer(e); longer.Len > e.Len || err != nil {
			if err != nil {
				return err
			}
			return s.fetch(h, longer)
		}
	}
	if owned, err := s.takeMended(f, h); owned {
		told := slices.DeleteFunc(f.Faults, func(fault mend.Fault) bool { return fault.Class == mend.Unreadable })
		s.notices.Faults(told, h.Number, f.UID) // of the others the message tells
		s.in.use(e.Len)
		return err
	}
	s.notices.Faults(f.Faults, h.Number, f.UID)
	if f.Out == nil {
		s.in.use(e.Len)
		return nil
	}
	if err := s.delivered(h.Number, f.UID, f.Asked); err != nil {
		return err
	}
	s.replace(e.Len, f.Out)
	return nil
}

// maxLines is how many lines a response may have that has the ends of lines where they
// do not belong.
const maxLines = 16

// longer takes the line behind a response into it, unless that begins another response:
// a list or a string of the response does not end (seen with strings that hold a folded
// header field, and with an empty line behind a literal).
func (s *Stream) longer(e response.Extent) (response.Extent, error) {
	if bytes.Count(s.in.data()[:e.Len], []byte("\n")) > maxLines {
		return e, nil
	}
	s.joining = true
	defer func() { s.joining = false }()
	for len(s.in.data()) < e.Len+2 {
		if err := s.fill(e.Len + 2); err != nil {
			return e, err
		}
	}
	next := s.in.data()[e.Len:]
	if next[0] == '*' || next[0] == '+' || (next[0] == 'T' || next[0] == 'M') && '0' <= next[1] && next[1] <= '9' {
		return e, nil
	}
	for {
		longer, err := s.frame.Find(s.in.data())
		if err != nil || longer.Len > 0 {
			return longer, err
		}
		if err := s.fill(longer.Need); err != nil {
			return e, err
		}
	}
}

// fetchHead deals with the beginning of a FETCH whose body is not held.
func (s *Stream) fetchHead(b []byte, h response.Head, size int64) error {
	if x := s.current(); x != nil {
		return notice.Exceeded("a body of %d bytes, of which %d were asked for", size, x.Hold)
	}
	head, uid := b, uint32(0)
	scanned := s.scanner().ScanHead(b, h)
	if scanned {
		uid = s.scan.UID
	} else {
		var faults []mend.Fault
		var err error
		if head, uid, faults, err = headAnew(b, h, s.Limits); err != nil {
			return notice.Malformed(b, err)
		}
		s.notices.Faults(faults, h.Number, uid)
	}
	s.body, s.tail = size, true
	if head == nil || s.unclaimable(h.Number, uid) {
		s.hidden = &hiddenFetch{number: h.Number, uid: uid, noUID: head != nil}
		s.in.use(len(b))
		return nil
	}
	if err := s.delivered(h.Number, uid, true); err != nil {
		return err
	}
	if scanned {
		s.pass(len(b))
	} else {
		s.replace(len(b), head)
	}
	return nil
}

// headAnew writes the beginning of a FETCH anew, whose last item is a body that is not
// there yet. It returns nil if it has no such item.
func headAnew(b []byte, h response.Head, limits response.Limits) (head []byte, uid uint32, faults []mend.Fault, err error) {
	before, announcement := cutAnnouncement(b)
	f, err := mend.FetchOf(append(bytes.Clone(before), "NIL)\r\n"...), h, limits)
	if err != nil {
		return nil, 0, nil, err
	}
	head, ok := bytes.CutSuffix(f.Out, []byte("NIL)\r\n"))
	if !ok || !f.Body {
		return nil, f.UID, f.Faults, nil
	}
	return append(head, announcement...), f.UID, f.Faults, nil
}

// cutAnnouncement cuts the announcement of a literal off the end of b.
func cutAnnouncement(b []byte) (before, announcement []byte) {
	i := bytes.LastIndexByte(b, '{')
	return bytes.TrimSuffix(b[:i], []byte("~")), b[i:]
}

// fetchTail deals with what follows a body.
func (s *Stream) fetchTail(e response.Extent) error {
	b := s.in.data()[:e.Len]
	if s.hidden == nil && s.scanner().ScanTail(b, e.Body > 0) {
		s.body, s.tail = e.Body, e.Body > 0
		s.pass(e.Len)
		return nil
	}
	text, announcement := b, []byte(nil)
	if e.Body > 0 {
		text, announcement = cutAnnouncement(b)
		text = append(bytes.Clone(text), "NIL)\r\n"...)
	}
	f, err := mend.TailOf(text, s.Limits)
	if err != nil {
		return notice.Malformed(b, err)
	}
	if f.Open && e.Body == 0 {
		longer, err := s.longer(e)
		if err != nil {
			return err
		}
		if longer.Len > e.Len {
			return s.fetchTail(longer)
		}
	}
	s.body, s.tail = e.Body, e.Body > 0
	if s.hidden != nil {
		s.in.use(e.Len)
		s.hide(f)
		return nil
	}
	s.notices.Faults(f.Faults, 0, f.UID)
	out := f.Out
	if e.Body > 0 {
		head, ok := bytes.CutSuffix(out, []byte("NIL)\r\n"))
		if !ok {
			return notice.Malformed(b, errors.New("a body that cannot be read"))
		}
		out = append(head, announcement...)
	}
	s.replace(e.Len, out)
	return nil
}
