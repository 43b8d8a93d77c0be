package pool_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/smtpconn/pool"
)

// A message for the sake of which a server ends the session is given up after a few
// connections, also while the relay serves others: it must not cost a dial and a login in
// each round trip for as long as its caller waits.
func TestServerEndsSessionsForMessage(t *testing.T) {
	for _, at := range []string{"MAIL", "RCPT", "DATA"} {
		t.Run(at, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var bad sync.Map // for each connection, whether its transaction is that of the message
				r := &relay{answer: func(conn int, command, usual string) string {
					time.Sleep(10 * time.Millisecond)
					if strings.HasPrefix(command, "MAIL") {
						bad.Store(conn, strings.Contains(command, "bad@"))
					}
					if is, _ := bad.Load(conn); strings.HasPrefix(command, at) && is == true {
						return "421 4.7.0 try again later"
					}
					return usual
				}}
				p := open(t, r, pool.Config{})
				ended := make(chan error, 1)
				go func() {
					e, content := letter("r@mail.test")
					e.From = "bad@mail.test"
					_, err := p.Send(t.Context(), e, content)
					ended <- err
				}()
				for range 100 {
					for _, err := range sendAll(t.Context(), p, 8) {
						if err != nil {
							t.Error(err)
						}
					}
				}
				p.Close(t.Context())
				if err := <-ended; err == nil {
					t.Error("the message was sent")
				}
				// Each of 4 connections once, each attempt a new one, and those that stood.
				if n := r.dials(); n > 4+3+4 {
					t.Errorf("%d dials", n)
				}
			})
		})
	}
}
