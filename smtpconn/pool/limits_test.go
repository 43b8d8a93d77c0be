package pool_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

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
