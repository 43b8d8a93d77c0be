package outbox_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/mailconn/mailconn/smtpconn/outbox"
)

// What is in doubt is to be told until Config.Doubt has returned.
func TestUntoldDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.set(answers(map[string]string{".": "1:"}))
		b := prepare(t, newDir(t), outbox.Config{}, s)
		var during outbox.Stats
		b.cfg.Doubt = func(context.Context, outbox.Result) { during = b.Stats() }
		b.start(outbox.SystemCalls())
		b.mustPut("m1", "ann@mail.test")
		b.drain()
		if after := b.Stats(); during.Untold != 1 || during.InDoubt != 1 || after.Untold != 0 || after.InDoubt != 1 {
			t.Errorf("during %+v, after %+v", during, after)
		}
		b.close()
	})
}
