package imapconn_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-imap/v2"
)

var errBroken = errors.New("broken pipe")

// breakable is a connection whose writes fail when it is broken.
type breakable struct {
	net.Conn
	broken atomic.Bool
}

func (c *breakable) Write(p []byte) (int, error) {
	if c.broken.Load() {
		return 0, errBroken
	}
	return c.Conn.Write(p)
}

// A write fails while go-imap's reader waits for the program to take a message: the reader
// lets go of the command ahead of its end, or the race detector would find it sending.
func TestAWriteFailsDuringAnAnswer(t *testing.T) {
	client, server := net.Pipe()
	conn := &breakable{Conn: client}
	said := make(chan struct{})
	go func() {
		io.WriteString(server, "* PREAUTH [CAPABILITY IMAP4rev1] ready\r\n")
		nextCommand(bufio.NewReader(server))
		for n := range 400 {
			if n == 128 { // as many as go-imap holds
				close(said)
			}
			fmt.Fprintf(server, "* %d FETCH (UID %d FLAGS ())\r\n", n+1, n+1)
		}
	}()
	c := over(t, conn, nil)
	fetch := c.Fetch(imap.UIDSet{{Start: 1, Stop: 400}}, &imap.FetchOptions{UID: true, Flags: true})
	<-said
	conn.broken.Store(true)
	if err := c.Noop().Wait(); !errors.Is(err, errBroken) {
		t.Error(err)
	}
	if err := fetch.Close(); !errors.Is(err, errBroken) {
		t.Error(err)
	}
	c.Close()
}
