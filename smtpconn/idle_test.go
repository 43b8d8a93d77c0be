package smtpconn_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A client gives back what it needed to send, a second after the last message, and
// sends on as before: the limits of the server are still counted.
func TestIdleKeepsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := with("PIPELINING", "LIMITS MAILMAX=2")
		c, hangUp := dialRelay(t, r, nil)
		defer hangUp()
		for i := range 3 {
			_, err := c.Send(t.Context(), envelope(), strings.NewReader(note))
			if (err == nil) != (i < 2) {
				t.Errorf("message %d: %v", i, err)
			}
			time.Sleep(900 * time.Millisecond)
			if !c.Keeps() {
				t.Error("given back too early")
			}
			time.Sleep(200 * time.Millisecond)
			if synctest.Wait(); c.Keeps() {
				t.Error("not given back")
			}
		}
	})
}
