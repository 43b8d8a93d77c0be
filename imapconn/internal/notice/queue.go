package notice

import (
	"errors"
	"fmt"
	"sync"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/line/imap/mend"
)

const (
	maxNotices = 1024 // that wait for the program
	maxSeen    = 256  // kinds that are told apart
)

// Notice is a notice, with the fields of imapconn.Notice.
type Notice struct {
	Alert           string
	Farewell        *dial.Farewell
	Dropped, Mended error
	SeqNum          uint32
	UID             imap.UID
}

// Queue brings notices to the program, in their order and one at a time, and never
// holds up the reader for it: while there are some, a goroutine does. A nil Queue drops them.
type Queue struct {
	Func func(Notice)

	mu    sync.Mutex
	queue []Notice
	runs  bool
	lost  int             // notices for which there was no room
	seen  map[string]bool // kinds that were reported
}

// Tell reports n.
func (s *Queue) Tell(n Notice) {
	if s == nil {
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
func (s *Queue) run() {
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
		s.Func(n)
	}
}

// once reports whether a kind of notice comes for the first time.
func (s *Queue) once(kind string) bool {
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

// Faults reports what was wrong with a response to the program; number and uid are
// those of its message.
func (s *Queue) Faults(list []mend.Fault, number, uid uint32) {
	if s == nil {
		return
	}
	for _, f := range list {
		n := Notice{SeqNum: number, UID: imap.UID(uid)}
		switch {
		case f.Class == mend.Unreadable:
			n.Dropped = Unreadable(f.What, f.Words)
		case !s.once(fmt.Sprint(f.Class, f.What)):
			continue
		case f.Class == mend.Unfamiliar:
			n.Dropped = unfamiliar(f.What)
		default:
			n.Mended = Malformed(f.Words, errors.New("imapconn: "+f.What))
		}
		s.Tell(n)
	}
}
