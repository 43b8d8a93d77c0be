package imapwatch

import "github.com/emersion/go-imap/v2"

// lookAtFlags asks which messages have changed since the view's modSeq. The greatest
// sequence of the answer is that of the view then: it does not matter that a message with a
// lower one may not have been announced yet, as new messages are asked for by their UIDs.
func (s *session) lookAtFlags(b *box) error {
	v := &s.view
	ask := v.flags && v.condStore && len(v.uids) > 0
	if v.flags = false; !ask {
		return nil
	}
	reached, err := s.changes(b, windows(v.uids, s.limit))
	if _, refused := err.(*imap.Error); refused { // the server lists what it does not do
		v.condStore, v.modSeq, v.anyChanged = false, 0, true
		return nil
	}
	if err != nil {
		return s.failure(err)
	}
	v.modSeq = max(v.modSeq, reached)
	return nil
}

// changes adds the messages that have changed to the view, and returns the modification
// sequence up to which they are complete.
func (s *session) changes(b *box, windows imap.UIDSet) (reached uint64, err error) {
	v := &s.view
	if len(windows) > 1 { // what the answers have may be beyond a change in a window that was looked at before
		if reached, err = s.highest(b); err != nil {
			return 0, err
		}
	}
	for _, window := range windows {
		options := &imap.FetchOptions{UID: true, ModSeq: true, ChangedSince: v.modSeq}
		changed, highest, err := s.fetch(imap.UIDSet{window}, options)
		v.changed = union(v.changed, changed)
		if err != nil {
			return 0, err
		}
		if len(windows) == 1 {
			reached = highest
		}
	}
	return reached, nil
}

// highest returns the greatest modification sequence of a mailbox.
func (s *session) highest(b *box) (uint64, error) {
	s.view.asking(b.name)
	defer s.view.answered(b.name)
	data, err := s.client.Status(b.name, &imap.StatusOptions{HighestModSeq: true}).Wait()
	if err != nil {
		return 0, err
	}
	return data.HighestModSeq, nil
}

// fetch returns of which messages the server sends what is asked for, and the greatest
// modification sequence among them.
func (s *session) fetch(uids imap.UIDSet, o *imap.FetchOptions) (sent imap.UIDSet, highest uint64, err error) {
	cmd := s.client.Fetch(uids, o)
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		data, err := m.Collect()
		if err != nil {
			break // Close has the reason
		}
		if data.UID > 0 {
			sent.AddNum(data.UID)
		}
		highest = max(highest, data.ModSeq)
	}
	return normal(sent), highest, cmd.Close()
}
