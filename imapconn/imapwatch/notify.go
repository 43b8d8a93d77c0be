package imapwatch

import "errors"

// Where the server has NOTIFY (RFC 5465), it tells of every mailbox at once, by a STATUS that
// was not asked for. That is taken as a reason to ask, at most every MinDelay: what it says is
// not used, and mailboxes are asked for every Poll all the same, as servers do not tell of all.

// others returns the mailboxes that the server should tell of by NOTIFY: all, if there are
// several, as each may be told of while another is selected. With one there are none, nor after
// the server has given up NOTIFY.
func (c *conn) others() (names []string) {
	if c.overflow || len(c.boxes) == 1 {
		return nil
	}
	for _, b := range c.boxes {
		names = append(names, b.name)
	}
	return names
}

func (n *news) Others() []string { return n.others }

func (n *news) Changed(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, other := range n.others {
		if name != other {
			continue
		}
		if n.changed[name]++; n.changed[name] == 1 {
			n.ring()
		}
	}
}

func (n *news) Overflow() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.overflow = true
	n.ring()
}

// errOverflow ends a session in which the server tells of nothing any more, not even of the
// selected mailbox (RFC 5465 §5.8). The next one does without NOTIFY.
var errOverflow = errors.New("server has given up telling of changes (NOTIFICATIONOVERFLOW)")

// overflowed reports whether that has happened.
func (n *news) overflowed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.overflow
}

// told reports whether the server has told of a mailbox since it was asked for it.
func (n *news) told(name string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.changed[name] > 0
}

// asking takes note that the server is about to be asked for a mailbox by STATUS. The STATUS
// that answers looks like one that was not asked for, and is not counted.
func (n *news) asking(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.changed[name] = -1
}

// answered takes note that the command has its answer, which may have come without a STATUS.
func (n *news) answered(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.changed[name] = max(n.changed[name], 0)
}
