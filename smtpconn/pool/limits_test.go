package pool_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/smtpconn/pool"
)

// A server's MAILMAX ends a connection with QUIT before it is one too many; a
// smaller number of the pool's own does, too.
func TestMailMax(t *testing.T) {
	for own, dials := range map[int]int{0: 4, 100: 4, 2: 10} {
		r := &relay{answer: func(_ int, command, usual string) string {
			if strings.HasPrefix(command, "EHLO") {
				return "250-mail.test\r\n250-LIMITS MAILMAX=5\r\n250 PIPELINING"
			}
			return usual
		}}
		bubble(t, r, pool.Config{MaxConns: 1, MessagesPerConn: own, MaxAttempts: 1}, func(t *testing.T, p *pool.Pool) {
			err := errors.Join(sendAll(t.Context(), p, 20)...)
			synctest.Wait()
			if s := p.Stats(); err != nil || s.Retries != 0 || r.dials() != dials || r.said("QUIT") != dials {
				t.Errorf("%d: %v, %d dials, %d QUIT, %+v", own, err, r.dials(), r.said("QUIT"), s)
			}
		})
	}
}

// A relay that takes a few messages in a connection, and says so only by refusing the
// next, or by hanging up, costs no message an attempt: what has lost its turn is the next.
func TestFewMessagesEach(t *testing.T) {
	for _, reply := range []string{"421 4.7.0 too many messages", ""} {
		for _, at := range []string{"MAIL", "RCPT", "DATA"} {
			for few := 1; few <= 3; few++ {
				var mu sync.Mutex
				said := map[int]int{}
				r := &relay{answer: func(conn int, command, usual string) string {
					time.Sleep(time.Millisecond)
					mu.Lock()
					defer mu.Unlock()
					if strings.HasPrefix(command, at) {
						said[conn]++
						if said[conn] > few {
							return reply
						}
					}
					return usual
				}}
				bubble(t, r, pool.Config{MaxConns: few, MaxAttempts: 1}, func(t *testing.T, p *pool.Pool) {
					if err := errors.Join(sendAll(t.Context(), p, 100)...); err != nil {
						t.Errorf("%q at %s, %d each: %.200v", reply, at, few, err)
					}
					if s := p.Stats(); s.Dials > 100/few+few || s.Down != nil {
						t.Errorf("%q at %s, %d each: %+v", reply, at, few, s)
					}
				})
			}
		}
	}
}
