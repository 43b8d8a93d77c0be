package outbox

import (
	"container/heap"
	"slices"
	"sync"
	"time"

	"github.com/mailconn/mailconn/internal/backoff"
	"github.com/mailconn/mailconn/smtpconn/outbox/internal/journal"
)

// schedule does some work for messages when their time has come, for a few at once. The
// mutex is that of the outbox, and is held by the callers of all methods but init.
type schedule struct {
	workers int
	work    func(*journal.Message)
	tasks   *sync.WaitGroup
	mu      *sync.Mutex
	after   func() time.Time // nothing is done before that; nil: no limit

	jobs    jobs
	running int
	timer   *time.Timer
	stopped bool
}

// job is a message and its time.
type job struct {
	at time.Time
	m  *journal.Message
}

func (s *schedule) init() {
	s.timer = time.AfterFunc(time.Hour, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.start()
	})
	s.timer.Stop()
}

// add adds a message, which must not be in the schedule.
func (s *schedule) add(at time.Time, m *journal.Message) {
	heap.Push(&s.jobs, job{at, m})
	s.start()
}

// remove takes a message out, and reports whether it was there: its work may have begun.
func (s *schedule) remove(m *journal.Message) bool {
	i := slices.IndexFunc(s.jobs, func(j job) bool { return j.m == m })
	if i >= 0 {
		heap.Remove(&s.jobs, i)
	}
	return i >= 0
}

// start begins the work whose time has come. It is called whenever something has
// changed.
func (s *schedule) start() {
	for !s.stopped && s.running < s.workers && len(s.jobs) > 0 {
		at := s.jobs[0].at
		if s.after != nil {
			if after := s.after(); after.After(at) {
				at = after
			}
		}
		if wait := time.Until(at); wait > 0 {
			s.timer.Reset(wait)
			return
		}
		m := heap.Pop(&s.jobs).(job).m
		s.running++
		s.tasks.Go(func() {
			s.work(m)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.running--
			s.start()
		})
	}
}

// stop lets no more work begin.
func (s *schedule) stop() {
	s.stopped = true
	s.timer.Stop()
}

// jobs is a heap of jobs, the next one first.
type jobs []job

func (h jobs) Len() int { return len(h) }

func (h jobs) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].m.Serial < h[j].m.Serial
	}
	return h[i].at.Before(h[j].at)
}

func (h jobs) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h *jobs) Push(x any) { *h = append(*h, x.(job)) }

func (h *jobs) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = job{}
	*h = old[:len(old)-1]
	return last
}

// delay returns how long to wait after a number of attempts.
func (c *Config) delay(tries int) time.Duration {
	return backoff.Distances{First: c.RetryDelay, Most: c.MaxRetryDelay}.After(tries)
}
