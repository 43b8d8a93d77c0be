package stream

import (
	"errors"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/imapconn/internal/notice"
	"github.com/mailconn/mailconn/internal/line/imap/mend"
)

// delivered notes that a FETCH response passes to the client. It waits while too many
// calls of the program's handler are under way.
func (s *Stream) delivered(number, uid uint32, asked bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deliver(number, uid, asked)
}

// maxMoves bounds the work for FETCH responses that do not come in rising order: the
// client keeps a sorted list of those that it has had.
const maxMoves = 1 << 28

// deliver is delivered while s.mu is held.
func (s *Stream) deliver(number, uid uint32, asked bool) error {
	c, moved := s.pending.Claim(number, uid)
	if c == nil {
		s.observer.Fetched(number, uid)
		s.loseUnclaimed(uid, asked)
		return s.admit()
	}
	s.pending.Delivering = c
	s.clock.progress(true)
	if s.moves += int32(moved); s.moves > maxMoves {
		return notice.Exceeded("messages in a strange order")
	}
	if len(c.Got) > s.Limits.Set {
		return notice.Exceeded("more than %d ranges of messages", s.Limits.Set)
	}
	return nil
}

var errNoUID = errors.New("imapconn: the answer to UID FETCH has no UID ahead of its body, or none at all")

// loseUnclaimed has a UID FETCH fail if a response is its answer and has no UID: the
// client cannot know. s.mu is held.
func (s *Stream) loseUnclaimed(uid uint32, asked bool) {
	if uid > 0 || !asked {
		return
	}
	if c := s.pending.First((*commands.Command).FetchesByUID); c != nil && c.Lost == nil {
		c.Lost = errNoUID
	}
}

// unclaimable reports whether a FETCH with a body that is not held would be lost: its
// UID, by which the client looks for the command, stands behind the body.
func (s *Stream) unclaimable(number, uid uint32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if uid > 0 {
		return false
	}
	byNumber := func(c *commands.Command) bool {
		return c.Name == "FETCH" && !c.ByUID && c.Wanted.Contains(number) && !c.Got.Contains(number)
	}
	return s.pending.First(byNumber) == nil && s.pending.First((*commands.Command).FetchesByUID) != nil
}

// hiddenFetch is a FETCH that the client does not get: it could not tell what command
// it is for, as its UID does not come in time, or the item of the body cannot be read, as
// was reported.
type hiddenFetch struct {
	number, uid uint32
	noUID       bool
}

// skipBody passes over the body of a hidden FETCH.
func (s *Stream) skipBody() error {
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
func (s *Stream) hide(f mend.Fetch) {
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
		if c, _ := s.pending.Claim(h.number, h.uid); c != nil && c.Lost == nil {
			c.Lost = notice.Unreadable("FETCH", nil)
		}
		return
	}
	s.notices.Tell(notice.Notice{Dropped: errNoUID, SeqNum: h.number, UID: imap.UID(h.uid)})
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.pending.First(func(c *commands.Command) bool { return c.FetchesByUID() && (h.uid == 0 || c.Wanted.Contains(h.uid)) })
	if c != nil && c.Lost == nil {
		c.Lost = errNoUID
	}
}
