package imapwatch

import (
	"context"
	"errors"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
)

// maxTries is how often a mailbox is asked for what it has while it goes on changing. What
// is not settled then is left to the next look.
const maxTries = 3

// look brings the view of the selected mailbox up to date.
func (s *session) look(ctx context.Context, b *box) error {
	v := &s.view
	v.gone = false
	for range maxTries {
		whole := v.all
		if !whole && !v.fresh {
			break
		}
		v.flags = v.flags || v.fresh // the sequences of what has come are passed by this
		v.all, v.fresh = false, false
		if err := s.list(whole); err != nil {
			return err
		}
		if whole && count(v.uids) < v.count() && !v.fresh {
			if err := s.confirm(ctx, b); err != nil {
				return err
			}
		}
		v.exact = (whole || v.exact) && count(v.uids) == v.count() && !v.all
		if !v.exact && !whole {
			v.all = true
		}
	}
	return s.lookAtFlags()
}

// list asks for the UIDs of the messages that there are: of all, or of those behind the
// last that is known. An EXPUNGE that comes meanwhile is about the messages that were
// known before, or else it is not certain whether the answer has its message.
func (s *session) list(whole bool) error {
	v := &s.view
	from := last(v.uids) + 1
	criteria := &imap.SearchCriteria{}
	if !whole && from > 0 {
		criteria.UID = []imap.UIDSet{{{Start: from, Stop: 0}}}
	}
	var options *imap.SearchOptions
	if s.client.Caps().Has(imap.CapESearch) {
		options = &imap.SearchOptions{ReturnAll: true}
	}
	if whole {
		v.exact = false
	}
	data, err := s.client.UIDSearch(criteria, options).Wait()
	if err != nil {
		return s.failure(err)
	}
	v.update()
	found, _ := data.All.(imap.UIDSet)
	if whole {
		v.uids = normal(found)
	} else { // "from:*" also means the last message, if there is none from there on
		v.uids = union(v.uids, minus(normal(found), imap.UIDSet{{Start: 1, Stop: from - 1}}))
	}
	return nil
}

// confirm asks for the messages that the program has and that the server does not list, when
// it lists fewer than it counts: its index may be incomplete for the moment, and none is gone
// that can still be fetched, or that the server refuses to be asked for. An EXPUNGE that comes
// meanwhile may be about a message that is not listed: its number is looked at before there
// are as many as the server counts.
func (s *session) confirm(ctx context.Context, b *box) error {
	v := &s.view
	missing := minus(b.acked.uids, v.uids)
	var found imap.UIDSet
	for m, err := range s.client.FetchEach(ctx, missing, &imapconn.FetchOptions{NoBody: true}) {
		var odd *imapconn.MessageError
		_, refused := err.(*imap.Error)
		switch {
		case refused:
			found = missing
		case err != nil && !errors.As(err, &odd):
			return s.failure(err)
		default:
			found.AddNum(m.UID)
		}
	}
	v.update()
	v.uids = union(v.uids, common(normal(found), missing))
	return nil
}

// lookAtFlags asks which messages have changed since the view's modSeq. The greatest
// sequence of the answer is that of the view then: it does not matter that a message with a
// lower one may not have been announced yet, as new messages are asked for by their UIDs.
func (s *session) lookAtFlags() error {
	v := &s.view
	if !v.flags || !v.condStore || len(v.uids) == 0 {
		v.flags = false
		return nil
	}
	v.flags = false
	options := &imap.FetchOptions{UID: true, ModSeq: true, ChangedSince: v.modSeq}
	changed, highest, err := s.fetch(imap.UIDSet{{Start: 1, Stop: last(v.uids)}}, options)
	if _, refused := err.(*imap.Error); refused { // the server lists what it does not do
		v.condStore, v.modSeq, v.anyChanged = false, 0, true
		return nil
	}
	v.modSeq, v.changed = max(v.modSeq, highest), union(v.changed, changed)
	return s.failure(err)
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
