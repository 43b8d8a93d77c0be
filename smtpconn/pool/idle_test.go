package pool_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// A dial that is refused for good does not fail a message beside a connection that has
// meanwhile become idle: that carries it.
func TestIdleCarriesWhatADialDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logins atomic.Int32
		hold, slow := make(chan struct{}), make(chan struct{})
		r := withAuth(func(_ int, command, usual string) string {
			if strings.HasPrefix(command, ".") {
				<-hold
			}
			if strings.HasPrefix(command, "AUTH") && logins.Add(1) == 2 {
				<-slow
				return "535 5.7.8 bad"
			}
			return usual
		})
		p := open(t, r, pool.Config{Options: &smtpconn.Options{Auth: login}})
		sent := make(chan error, 2)
		for _, to := range []string{"1@mail.test", "2@mail.test"} {
			go func() { sent <- send(t.Context(), p, to) }()
			synctest.Wait()
		}
		close(hold) // the first is sent while the login for the second hangs
		synctest.Wait()
		close(slow)
		for range 2 {
			if err := <-sent; err != nil {
				t.Error(err)
			}
		}
		if r.took() != 2 {
			t.Errorf("%d messages were taken; %+v", r.took(), p.Stats())
		}
	})
}
