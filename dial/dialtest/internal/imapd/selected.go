package imapd

import (
	"strings"

	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
)

// resync is what a client knows of a mailbox that it selects (RFC 7162 §3.2.5).
type resync struct {
	validity uint32
	modSeq   uint64
	known    set // the UIDs that it knows
}

// open is SELECT and EXAMINE.
func (s *Session) open(c *command) error {
	s.unselect() // also if there is no such mailbox
	box, _, err := s.mailbox(c, "NONEXISTENT")
	if err != nil {
		return err
	}
	var q *resync
	if c.take(' ') {
		c.list(func() {
			switch word := strings.ToUpper(c.atom()); {
			case word == "CONDSTORE" && s.Has("CONDSTORE"):
				s.condStore = true
			case word == "QRESYNC" && s.qResync:
				q = c.resync()
			default:
				c.fail()
			}
		})
	}
	if c.end(); c.err != nil {
		return c.err
	}
	s.selectBox(box, c.verb == "EXAMINE")
	s.tellMailbox(box)
	if q != nil && q.validity == s.box.validity {
		s.tellVanished(q.modSeq, q.known)
		changed, _, _ := box.Since(q.modSeq)
		for _, m := range changed {
			if q.known.has(m.UID) {
				s.tellFlags(m)
			}
		}
	}
	if c.verb == "EXAMINE" {
		s.done("OK [READ-ONLY] selected")
	} else {
		s.done("OK [READ-WRITE] selected")
	}
	return nil
}

// resync takes the parameters of QRESYNC.
func (c *command) resync() *resync {
	q := &resync{}
	c.space()
	c.expect('(')
	q.validity = uint32(c.number())
	c.space()
	q.modSeq = c.number()
	if c.take(' ') {
		if c.peek() != '(' {
			q.known = c.set(^uint32(0))
			c.take(' ')
		}
		if c.peek() == '(' { // which UIDs some sequence numbers had: not needed
			c.take('(')
			c.word(")")
			c.expect(')')
		}
	}
	c.expect(')')
	return q
}

// tellMailbox tells what the selected mailbox is like (RFC 3501 §6.3.1).
func (s *Session) tellMailbox(box *mailstore.Mailbox) {
	state := box.State()
	s.Say("* %d EXISTS", len(s.box.uids))
	s.Say("* 0 RECENT")
	s.Say(`* FLAGS (\Answered \Flagged \Deleted \Seen \Draft)`)
	s.Say(`* OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] flags`)
	s.Say("* OK [UIDVALIDITY %d] UIDs are valid", state.UIDValidity)
	s.Say("* OK [UIDNEXT %d] next", state.UIDNext)
	if s.Has("CONDSTORE") {
		s.Say("* OK [HIGHESTMODSEQ %d] highest", state.ModSeq)
	}
}

// close is CLOSE and UNSELECT.
func (s *Session) close(c *command) error {
	if c.verb == "CLOSE" && !s.box.readOnly {
		s.box.box.Expunge(s.box.deleted(nil)...)
	}
	s.unselect()
	s.done("OK closed")
	return nil
}

// deleted returns the UIDs of the messages with \Deleted in a set.
func (v *view) deleted(of set) (uids []uint32) {
	for _, m := range v.box.Messages() {
		if has(m, `\Deleted`) && of.has(m.UID) {
			uids = append(uids, m.UID)
		}
	}
	return uids
}

// mayWrite returns why the selected mailbox cannot be changed.
func (s *Session) mayWrite() error {
	if s.box.readOnly {
		return refusal("NO [READ-ONLY] the mailbox was opened with EXAMINE")
	}
	return nil
}

func (s *Session) expunge(c *command) error {
	if err := s.mayWrite(); err != nil {
		return err
	}
	var of set
	if c.uids {
		of = c.set(s.box.last(true))
	}
	if c.end(); c.err != nil {
		return c.err
	}
	s.box.box.Expunge(s.box.deleted(of)...)
	if err := s.sync(true); err != nil {
		return err
	}
	s.doneChanging("OK", "expunged")
	return nil
}

// doneChanging ends a command that has expunged or changed messages: with QRESYNC
// it tells how far the client is.
func (s *Session) doneChanging(status, words string) {
	if s.qResync {
		s.done("%s [HIGHESTMODSEQ %d] %s", status, s.box.modSeq, words)
		return
	}
	s.done("%s %s", status, words)
}
