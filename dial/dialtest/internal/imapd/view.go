package imapd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
)

// view is what a session knows of its selected mailbox.
type view struct {
	box      *mailstore.Mailbox
	readOnly bool
	validity uint32
	uids     []uint32 // by sequence number less one
	gone     []uint32 // expunged, and the client has not been told yet
	modSeq   uint64   // up to which it has been told
	changed  chan struct{}
	unwatch  func()
}

// selectBox makes a mailbox the selected one where there is none.
func (s *Session) selectBox(box *mailstore.Mailbox, readOnly bool) {
	v := &view{box: box, readOnly: readOnly, changed: make(chan struct{}, 1)}
	v.unwatch = box.Watch(func() {
		select {
		case v.changed <- struct{}{}:
		default:
		}
	})
	state := box.State()
	v.validity, v.modSeq = state.UIDValidity, state.ModSeq
	v.uids = box.UIDs()
	s.box = v
}

func (s *Session) unselect() {
	if s.box != nil {
		s.box.unwatch()
		s.box = nil
	}
}

// Close forgets the selected mailbox.
func (s *Session) Close() { s.unselect() }

// last returns the highest number, or the highest UID.
func (v *view) last(uids bool) uint32 {
	if !uids || len(v.uids) == 0 {
		return uint32(len(v.uids))
	}
	return v.uids[len(v.uids)-1]
}

// number returns the sequence number of a message, and whether it has one.
func (v *view) number(uid uint32) (int, bool) {
	i, ok := slices.BinarySearch(v.uids, uid)
	return i + 1, ok
}

// tells notes that a modification sequence is told by another way than sync, if it is
// the next one.
func (v *view) tells(modSeq uint64) {
	if modSeq == v.modSeq+1 {
		v.modSeq = modSeq
	}
}

// each yields the messages of a set that are still there, with their numbers.
func (v *view) each(c *command, of set, f func(number int, m mailstore.Message)) {
	for i, uid := range slices.Clone(v.uids) {
		n := uint32(i + 1)
		if c.uids {
			n = uid
		}
		if !of.has(n) {
			continue
		}
		if m, ok := v.box.Message(uid); ok {
			f(i+1, m)
		}
	}
}

// sync tells what has changed in the selected mailbox. Expunges are told only
// where sequence numbers may change (RFC 3501 §7.4.1).
func (s *Session) sync(expunges bool) error {
	v := s.box
	if v == nil {
		return nil
	}
	changed, gone, now := v.box.Since(v.modSeq)
	if v.box.State().UIDValidity != v.validity {
		s.Say("* BYE the mailbox has new UIDs")
		return serve.ErrEnd
	}
	v.gone, v.modSeq = append(v.gone, gone...), now
	if expunges {
		s.tellExpunged()
	}
	known := len(v.uids)
	var updates []mailstore.Message
	for _, m := range changed {
		if _, ok := v.number(m.UID); ok {
			updates = append(updates, m)
		} else if m.UID > v.last(true) || len(v.uids) == 0 {
			v.uids = append(v.uids, m.UID)
		}
	}
	if len(v.uids) > known {
		s.Say("* %d EXISTS", len(v.uids))
	}
	for _, m := range updates {
		s.tellFlags(m)
	}
	return nil
}

// tellExpunged takes expunged messages out of the view.
func (s *Session) tellExpunged() {
	v := s.box
	slices.Sort(v.gone)
	var vanished []uint32
	for _, uid := range slices.Backward(v.gone) {
		n, ok := v.number(uid)
		if !ok {
			continue
		}
		v.uids = slices.Delete(v.uids, n-1, n)
		if s.qResync {
			vanished = append(vanished, uid)
		} else {
			s.Say("* %d EXPUNGE", n)
		}
	}
	if len(vanished) > 0 {
		slices.Reverse(vanished)
		s.Say("* VANISHED %s", setOf(vanished))
	}
	v.gone = nil
}

// tellFlags tells a message's flags.
func (s *Session) tellFlags(m mailstore.Message) {
	if n, ok := s.box.number(m.UID); ok {
		s.Say("* %d FETCH (%s)", n, s.flagItems(m, false))
	}
}

// flagItems returns the items of a FETCH response that tells flags.
func (s *Session) flagItems(m mailstore.Message, withUID bool) string {
	items := "FLAGS (" + strings.Join(m.Flags, " ") + ")"
	if withUID || s.condStore {
		items = fmt.Sprintf("UID %d %s", m.UID, items)
	}
	if s.condStore {
		items += fmt.Sprintf(" MODSEQ (%d)", m.ModSeq)
	}
	return items
}

// idle is IDLE (RFC 2177). A rule for "idling" strikes when it has begun.
func (s *Session) idle(c *command) error {
	if c.end(); c.err != nil {
		return c.err
	}
	s.SayAnyway("+ idling")
	s.Flush()
	tag := s.tag
	if err := s.Command(serve.Idling, s.reply, func() error { return nil }); err != nil {
		return err
	}
	if s.Ending() {
		return nil
	}
	line, err := s.whileIdle()
	s.tag = tag
	switch {
	case err != nil:
		return err
	case !strings.EqualFold(line, "DONE"):
		return refusal("BAD expected DONE")
	}
	s.done("OK done")
	return nil
}

// whileIdle tells changes until the client says a line.
func (s *Session) whileIdle() (line string, err error) {
	said := make(chan struct{})
	go func() {
		defer close(said)
		line, err = s.NextLine()
	}()
	var changed chan struct{}
	if s.box != nil {
		changed = s.box.changed
	}
	for {
		if failed := s.sync(true); failed != nil {
			s.Flush()
			s.HangUp()
			<-said
			return "", failed
		}
		s.Flush()
		select {
		case <-said:
			return line, err
		case <-changed:
		}
	}
}

func has(m mailstore.Message, flag string) bool {
	return slices.ContainsFunc(m.Flags, func(f string) bool { return strings.EqualFold(f, flag) })
}
