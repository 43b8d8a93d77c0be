package dial_test

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
)

// hanging is a Transcript that takes nothing from a moment on, until it is closed.
type hanging chan struct{}

func (h hanging) Write(p []byte) (int, error) {
	h <- struct{}{}
	return len(p), nil
}

// Abort ends a read that is under way at once, and returns soon, also while a Transcript
// takes nothing.
func TestAbortWhileATranscriptHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw, server := net.Pipe()
		go io.WriteString(server, "+OK ready\r\n")
		words := make(hanging, 100)
		d := &dial.Dialer{Transcript: words}
		c, err := d.NewConn(t.Context(), raw, dial.Endpoint{Protocol: policy.POP3, Host: "h", Policy: policy.NoTLS})
		if err != nil {
			t.Fatal(err)
		}
		for len(words) < cap(words) {
			words <- struct{}{}
		}
		begun := time.Now()
		var read time.Duration
		go func() {
			c.Read(make([]byte, 1))
			read = time.Since(begun)
		}()
		synctest.Wait()
		c.Abort()
		took := time.Since(begun)
		synctest.Wait()
		if read != 0 || took > 2*time.Second {
			t.Errorf("the read ended after %v, and Abort after %v", read, took)
		}
		for range cap(words) {
			<-words
		}
	})
}
