package imapconn

import (
	"errors"
	"fmt"
	"sync"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/line/imap/mend"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Notice is what a server says that no command returns: an alert, its last words, or
// data that was left out of the session or mended. One of the first four fields is
// set. All texts are printable and at most 512 bytes long.
type Notice struct {
	// Alert is the text of an ALERT, which must be shown to the user (RFC 9051
	// §7.1).
	Alert string
	// Farewell is the server's BYE. The session ends with it, and Client.Err holds it.
	Farewell *dial.Farewell
	// Dropped says what was left out, and why: data that cannot be read, whose error
	// holds a [*policy.Violation], or data that go-imap does not know. The latter is
	// reported once in a session for each kind.
	Dropped error
	// Mended says what was read although it is not by the book. It is reported once
	// in a session for each kind.
	Mended error

	// SeqNum and UID are those of the message that the data is about, and 0 if it is
	// not about a message, or if the server has not said them.
	SeqNum uint32
	UID    imap.UID
}

const (
	maxNotices = 1024 // that wait for the program
	maxSeen    = 256  // kinds that are told apart
)

// notices brings notices to the program, in their order and one at a time, and never
// holds up the reader for it: while there are some, a goroutine does.
type notices struct {
	f func(Notice)

	mu    sync.Mutex
	queue []Notice
	runs  bool
	lost  int             // notices for which there was no room
	seen  map[string]bool // kinds that were reported
}

// tell reports n.
func (s *notices) tell(n Notice) {
	if s.f == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == maxNotices {
		s.lost++
		return
	}
	if s.queue = append(s.queue, n); !s.runs {
		s.runs = true
		go s.run()
	}
}

// run calls the program until nothing waits.
func (s *notices) run() {
	for {
		s.mu.Lock()
		if s.lost > 0 && len(s.queue) < maxNotices/2 {
			s.queue = append(s.queue, Notice{Dropped: fmt.Errorf("imapconn: %d notices, for which there was no room", s.lost)})
			s.lost = 0
		}
		if len(s.queue) == 0 {
			s.queue, s.runs = nil, false
			s.mu.Unlock()
			return
		}
		n := s.queue[0]
		s.queue = s.queue[1:]
		s.mu.Unlock()
		s.f(n)
	}
}

// once reports whether a kind of notice comes for the first time.
func (s *notices) once(kind string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[kind] || len(s.seen) == maxSeen {
		return false
	}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	s.seen[kind] = true
	return true
}

// faults reports what was wrong with a response to the program; number and uid are
// those of its message.
func (s *notices) faults(list []mend.Fault, number, uid uint32) {
	if s.f == nil {
		return
	}
	for _, f := range list {
		n := Notice{SeqNum: number, UID: imap.UID(uid)}
		switch {
		case f.Class == mend.Unreadable:
			n.Dropped = unreadable(f.What, f.Words)
		case !s.once(fmt.Sprint(f.Class, f.What)):
			continue
		case f.Class == mend.Unfamiliar:
			n.Dropped = unfamiliar(f.What)
		default:
			n.Mended = malformed(f.Words, errors.New("imapconn: "+f.What))
		}
		s.tell(n)
	}
}

// unreadable is the error of data that cannot be read.
func unreadable(what string, words []byte) error {
	return malformed(words, fmt.Errorf("imapconn: %s cannot be read", wire.Printable(what)))
}

// malformed is the violation of data that is not by the book, of which words are the first.
func malformed(words []byte, err error) error {
	v := wire.Violation(policy.ErrMalformed, string(words[:min(len(words), 100)]))
	v.Protocol = policy.IMAP
	v.Err = err
	return v
}

// unfamiliar is the error of data that go-imap does not know.
func unfamiliar(what string) error {
	return fmt.Errorf("imapconn: %s is not known to go-imap", wire.Printable(what))
}
