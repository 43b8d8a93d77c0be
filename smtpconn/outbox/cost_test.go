package outbox_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/smtpconn/outbox"
)

// Put syncs content, directory and journal. Sending a message takes one sync, that of its
// mark: the result is synced with the next. The journal is not written anew meanwhile.
func TestSyncs(t *testing.T) {
	const messages = 50
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.setDown(errRefused)
		b, disk := openFlaky(t, outbox.Config{Workers: 1}, s)
		calls := map[string]int{}
		disk.set(func(call string) error {
			calls[call]++
			return nil
		})
		for i := range messages {
			b.mustPut(fmt.Sprint("m", i), "ann@mail.test")
		}
		wait(time.Second)
		if calls["sync content"] != messages || calls["syncdir"] != messages || calls["sync journal"] != messages || calls["write anew"] != 0 {
			t.Errorf("for Put: %v", calls)
		}
		clear(calls)
		s.setDown(nil)
		b.drain()
		wait(time.Second)
		if n := calls["sync journal"]; n < messages || n > messages+messages/10 || calls["syncdir"] != 0 || calls["write anew"] != 0 {
			t.Errorf("for sending: %v", calls)
		}
		if n := s.total(); n != messages {
			t.Errorf("%d taken", n)
		}
		b.close()
	})
}
