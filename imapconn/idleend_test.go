package imapconn_test

import (
	"bufio"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/imapconn"
)

// A server may end an IDLE by itself. Then DONE is not sent, as the server would take it for
// a command.
func TestIdleThatTheServerEnds(t *testing.T) {
	for _, end := range []string{"OK enough", "NO [UNAVAILABLE] timeout", "BAD too long"} {
		synctest.Test(t, func(t *testing.T) {
			done := make(chan string, 1)
			c := piped(t, "IDLE", &imapconn.Options{ReplyTimeout: time.Minute}, func(r *bufio.Reader, w net.Conn) {
				tag, _ := nextCommand(r)
				io.WriteString(w, "+ idling\r\n* 3 EXISTS\r\n"+tag+" "+end+"\r\n")
				tag, command := nextCommand(r)
				done <- command
				io.WriteString(w, tag+" OK done\r\n")
			})
			idle, err := c.Idle()
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if err := idle.Close(); err != nil {
				t.Error(err)
			}
			if err := idle.Wait(); (err == nil) != (end[:2] == "OK") {
				t.Errorf("%s: Wait: %v", end, err)
			}
			if err := c.Noop().Wait(); err != nil || <-done != "NOOP" {
				t.Errorf("%s: NOOP: %v", end, err)
			}
		})
	}
}

// The end of an IDLE and DONE may cross. What the server then says of DONE, under whatever
// tag, is for no command.
func TestIdleEndsCross(t *testing.T) {
	for _, answer := range []string{"", "DONE BAD what", "DONE NO what", "* BAD what"} {
		synctest.Test(t, func(t *testing.T) {
			c := piped(t, "IDLE", &imapconn.Options{ReplyTimeout: time.Minute}, func(r *bufio.Reader, w net.Conn) {
				tag, _ := nextCommand(r)
				io.WriteString(w, "+ idling\r\n")
				nextCommand(r)
				io.WriteString(w, tag+" OK enough\r\n"+answer+"\r\n")
				tag, _ = nextCommand(r)
				io.WriteString(w, tag+" OK done\r\n")
			})
			idle, err := c.Idle()
			if err != nil {
				t.Fatal(err)
			}
			if err := idle.Close(); err != nil {
				t.Error(err)
			}
			if err := idle.Wait(); err != nil {
				t.Error(err)
			}
			if err := c.Noop().Wait(); err != nil {
				t.Errorf("%q: %v", answer, err)
			}
		})
	}
}
