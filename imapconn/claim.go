package imapconn

import (
	"errors"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/internal/line/imap/mend"
)

// delivered notes that a FETCH response passes to the client. It waits while too many
// calls of the program's handler are under way.
func (s *stream) delivered(number, uid uint32, asked bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deliver(number, uid, asked)
}

// maxMoves bounds the work for FETCH responses that do not come in rising order: the
// client keeps a sorted list of those that it has had.
const maxMoves = 1 << 28

// deliver is delivered while s.mu is held.
func (s *stream) deliver(number, uid uint32, asked bool) error {
	c, moved := s.pending.claim(number, uid)
	if c == nil {
		s.observer.Fetched(number, uid)
		s.loseUnclaimed(uid, asked)
		return s.admit()
	}
	s.pending.delivering = c
	s.clock.progress(true)
	if s.moves += moved; s.moves > maxMoves {
		return exceeded("messages in a strange order")
	}
	if len(c.got) > s.limits.Set {
		return exceeded("more than %d ranges of messages", s.limits.Set)
	}
	return nil
}

var errNoUID = errors.New("imapconn: the answer to UID FETCH has no UID ahead of its body, or none at all")

// loseUnclaimed has a UID FETCH fail if a response is its answer and has no UID: the
// client cannot know. s.mu is held.
func (s *stream) loseUnclaimed(uid uint32, asked bool) {
	if uid > 0 || !asked {
		return
	}
	if c := s.pending.first((*command).fetchesByUID); c != nil && c.lost == nil {
		c.lost = errNoUID
	}
}

// unclaimable reports whether a FETCH with a body that is not held would be lost: its
// UID, by which the client looks for the command, stands behind the body.
func (s *stream) unclaimable(number, uid uint32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if uid > 0 {
		return false
	}
	byNumber := func(c *command) bool {
		return c.name == "FETCH" && !c.byUID && c.wanted.contains(number) && !c.got.contains(number)
	}
	return s.pending.first(byNumber) == nil && s.pending.first((*command).fetchesByUID) != nil
}

// hiddenFetch is a FETCH that the client does not get: it could not tell what command
// it is for, as its UID does not come in time, or the item of the body cannot be read, as
// was reported.
type hiddenFetch struct {
	number, uid uint32
	noUID       bool
}

// skipBody passes over the body of a hidden FETCH.
func (s *stream) skipBody() error {
	data := s.in.data()
	if len(data) == 0 {
		return s.fill(1)
	}
	n := int(min(int64(len(data)), s.body))
	s.in.use(n)
	s.passed(n)
	return nil
}

// hide notes what follows a body of a hidden FETCH, and reports the message at its end.
func (s *stream) hide(f mend.Fetch) {
	if f.UID > 0 {
		s.hidden.uid = f.UID
	}
	if s.tail {
		return
	}
	h := s.hidden
	s.hidden = nil
	if !h.noUID {
		s.mu.Lock()
		defer s.mu.Unlock()
		if c, _ := s.pending.claim(h.number, h.uid); c != nil && c.lost == nil {
			c.lost = unreadable("FETCH", nil)
		}
		return
	}
	s.notices.tell(Notice{Dropped: errNoUID, SeqNum: h.number, UID: imap.UID(h.uid)})
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.pending.first(func(c *command) bool { return c.fetchesByUID() && (h.uid == 0 || c.wanted.contains(h.uid)) })
	if c != nil && c.lost == nil {
		c.lost = errNoUID
	}
}
