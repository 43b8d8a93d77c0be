package imapwatch

import (
	"slices"
	"sync"
	"time"

	"github.com/mailconn/mailconn/internal/unsolicited"
)

// news is what a server has said of the selected mailbox without being asked, in its
// order.
type news struct {
	wake chan struct{} // can be received from when there is something new

	mu       sync.Mutex
	selects  int // how often a mailbox was selected, or none
	events   []event
	lost     bool     // there were more of them than are kept
	others   []string // the mailboxes that the server should tell of by NOTIFY
	overflow bool     // it tells nothing any more
	unheard  bool     // it has ended an IDLE by itself

	// changed is how often the server has told of each of others unasked. -1 means that the
	// STATUS of our own question is still to come.
	changed map[string]int

	exists uint32    // how many messages there are, by what was said so far
	heard  time.Time // when the server has said something
}

var _ unsolicited.Observer = (*news)(nil)

// event is a response. Of a message that was expunged, or whose flags were told, it has the
// sequence number at that moment; what was not said is 0.
type event struct {
	kind        eventKind
	number, uid uint32
}

type eventKind uint8

const (
	arrived eventKind = iota // there are more messages than before
	expunged
	flagged
)

// maxEvents is how many events are kept. When there are more, it is less work to look at
// the mailbox as a whole.
const maxEvents = 1000

// newNews returns the news of a session that wants to be told of these mailboxes.
func newNews(others []string) *news {
	return &news{wake: make(chan struct{}, 1), heard: time.Now(), others: others, changed: map[string]int{}}
}

func (n *news) Selecting() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.selects++
}

func (n *news) Heard() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.heard = time.Now()
}

func (n *news) Exists(count uint32) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if count > n.exists {
		n.add(event{kind: arrived})
	} else if count < n.exists {
		n.add(event{kind: expunged}) // the server has not told which
	}
	n.exists = count
}

func (n *news) Expunged(number uint32) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.exists > 0 {
		n.exists--
	}
	n.add(event{expunged, number, 0})
}

func (n *news) Fetched(number, uid uint32) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.add(event{flagged, number, uid})
}

func (n *news) IdleEnded() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.unheard = true
	n.ring()
}

// takeUnheard reports whether the server has ended an IDLE by itself since the last call.
func (n *news) takeUnheard() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	unheard := n.unheard
	n.unheard = false
	return unheard
}

// add adds an event. n.mu is held.
func (n *news) add(e event) {
	if len(n.events) == maxEvents {
		n.events, n.lost = n.events[:0], true
	}
	if !n.lost && (len(n.events) == 0 || n.events[len(n.events)-1] != e || e.kind == expunged) {
		n.events = append(n.events, e)
	}
	n.ring()
}

func (n *news) ring() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// take returns the events since the last call, and whether some of them are lost.
func (n *news) take() (events []event, lost bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	events, lost = slices.Clone(n.events), n.lost
	n.events, n.lost = n.events[:0], false
	select {
	case <-n.wake:
	default:
	}
	return events, lost
}

// count returns how many messages there are.
func (n *news) count() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return uint64(n.exists)
}

// selected returns a number that is another one when a mailbox was selected, or none.
// go-imap's client says which one it is, but for a moment it says it too late.
func (n *news) selected() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.selects
}

// silence returns for how long the server has said nothing.
func (n *news) silence() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return time.Since(n.heard)
}
