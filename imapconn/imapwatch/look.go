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
	return s.lookAtFlags(b)
}

// list asks for the UIDs of the messages that there are: of all, or of those behind the
// last that is known. An EXPUNGE that comes meanwhile is about the messages that were
// known before, or else it is not certain whether the answer has its message.
func (s *session) list(whole bool) error {
	v := &s.view
	from := last(v.uids) + 1
	search := s.searchAll
	if whole {
		v.exact = false
	} else if from > 0 {
		search = func() (imap.UIDSet, error) {
			return s.search(&imap.SearchCriteria{UID: []imap.UIDSet{{{Start: from, Stop: 0}}}})
		}
	}
	found, err := search()
	if refused, ok := err.(*imap.Error); ok && !whole && refused.Code == "MESSAGELIMIT" {
		v.all = true // it is asked for in parts
		return nil
	}
	if err != nil {
		return err
	}
	v.update()
	if whole {
		v.uids = normal(found)
	} else { // "from:*" also means the last message, if there is none from there on
		v.uids = union(v.uids, minus(normal(found), imap.UIDSet{{Start: 1, Stop: from - 1}}))
	}
	return nil
}

// searchAll returns the UIDs of all messages. Where a command is carried out for so many
// messages only, it asks for the last ones first: a message that goes down by an EXPUNGE
// meanwhile is in a part that is still to be asked for.
func (s *session) searchAll() (found imap.UIDSet, err error) {
	high := s.view.count()
	if high <= s.limit {
		return s.search(&imap.SearchCriteria{})
	}
	for high > 0 {
		low := max(high, s.limit) - s.limit + 1
		part, err := s.search(&imap.SearchCriteria{SeqNum: []imap.SeqSet{{{Start: uint32(low), Stop: uint32(high)}}}})
		if err != nil {
			return nil, err
		}
		found = append(found, part...)
		high = min(low-1, s.view.count())
	}
	return found, nil
}

// search returns the UIDs of messages.
func (s *session) search(criteria *imap.SearchCriteria) (imap.UIDSet, error) {
	data, err := with(s, imap.CapESearch, func(use bool) (*imap.SearchData, error) {
		if use {
			return s.client.UIDSearch(criteria, &imap.SearchOptions{ReturnAll: true}).Wait()
		}
		return s.client.UIDSearch(criteria, nil).Wait()
	})
	if err != nil {
		return nil, s.failure(err)
	}
	found, _ := data.All.(imap.UIDSet)
	return found, nil
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
