package mx

import (
	"container/list"
	"time"
)

// known is what is known about the policy of a domain.
type known struct {
	domain string
	policy *Policy // nil for none
	loaded bool    // what the store has is known
	now    *fetching
	failed string    // id under which no policy could be fetched
	err    error     // why
	again  time.Time // not before that
	size   int       // as it is counted in a table
}

// Limits on what is kept in memory, in bytes as size counts them: in all, for a domain
// without a policy, and for each pattern of one beside its text.
const (
	maxKnown    = 32 << 20
	knownSize   = 1 << 10
	patternSize = 16
)

// table has what is known of the domains that were asked for last. The zero table is empty.
type table struct {
	entries map[string]*list.Element // of *known
	recent  list.List                // the last one first
	size    int
}

// find returns what is known of a domain, nil for nothing.
func (t *table) find(domain string) *known {
	e, ok := t.entries[domain]
	if !ok {
		return nil
	}
	t.recent.MoveToFront(e)
	return e.Value.(*known)
}

// of is find, with an entry that is empty for nothing.
func (t *table) of(domain string) *known {
	k := t.find(domain)
	if k == nil {
		k = &known{domain: domain}
		if t.entries == nil {
			t.entries = map[string]*list.Element{}
		}
		t.entries[domain] = t.recent.PushFront(k)
		t.settle(k)
	}
	return k
}

// has reports whether an entry is there, and was not dropped.
func (t *table) has(k *known) bool {
	e := t.entries[k.domain]
	return e != nil && e.Value == any(k)
}

// settle is called when an entry has changed. It drops those that were not asked for
// longest while there is too much. Those that are being fetched stay.
func (t *table) settle(k *known) {
	if !t.has(k) {
		return
	}
	size := knownSize
	if k.policy != nil {
		for _, pattern := range k.policy.MX {
			size += len(pattern) + patternSize
		}
	}
	t.size += size - k.size
	k.size = size
	for e := t.recent.Back(); e != nil && t.size > maxKnown; {
		oldest := e.Value.(*known)
		if e = e.Prev(); oldest.now == nil && oldest != k {
			t.drop(oldest)
		}
	}
}

// drop takes an entry out, if it is there.
func (t *table) drop(k *known) {
	if t.has(k) {
		t.recent.Remove(t.entries[k.domain])
		delete(t.entries, k.domain)
		t.size -= k.size
	}
}
