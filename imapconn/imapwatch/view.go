package imapwatch

import "github.com/emersion/go-imap/v2"

// view is what is known of the selected mailbox in this session, and what has to be asked
// for.
type view struct {
	*news
	uids imap.UIDSet // of the messages that there are

	// exact means that the sequence numbers of events mean the messages of uids in their
	// order: there were as many as the server said, and none went while it was asked.
	exact bool

	all   bool // look at the mailbox as a whole
	fresh bool // messages have come
	gone  bool // messages have gone from uids

	// flags means that flags of messages have changed since modSeq, where the server can
	// tell which. Where it cannot, changed has the messages, and anyChanged means that it may
	// be any.
	condStore  bool
	modSeq     uint64
	flags      bool
	changed    imap.UIDSet
	anyChanged bool
}

// pending takes note of events, and reports whether there is something to look at.
func (v *view) pending() bool {
	v.update()
	return v.all || v.fresh || v.gone || v.flags || v.anyChanged || len(v.changed) > 0
}

// update takes note of events.
func (v *view) update() {
	events, lost := v.take()
	if lost {
		v.exact, v.all = false, true
		v.anyFlags()
	}
	for _, e := range events {
		switch e.kind {
		case arrived:
			v.fresh = true
		case expunged:
			v.expunge(e.number)
		case flagged:
			v.flag(e)
		}
	}
}

// expunge takes note of an EXPUNGE.
func (v *view) expunge(number uint32) {
	uid := nth(v.uids, number)
	if !v.exact || uid == 0 {
		v.all = true
		return
	}
	v.uids, v.gone = minus(v.uids, one(uid)), true
}

// anyFlags takes note that flags of any message may have changed.
func (v *view) anyFlags() {
	if v.condStore {
		v.flags = true
	} else {
		v.anyChanged = true
	}
}

// flag takes note of a FETCH that tells flags. One of a message that has just come means
// nothing more.
func (v *view) flag(e event) {
	uid := imap.UID(e.uid)
	if uid == 0 && v.exact {
		uid = nth(v.uids, e.number)
	}
	switch {
	case v.condStore || uid == 0 && !v.exact:
		v.anyFlags()
	case uid > 0:
		v.changed = union(v.changed, one(uid))
	}
}
