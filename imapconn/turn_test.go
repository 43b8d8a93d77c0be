package imapconn_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/scripttest"
)

// Commands that never leave the session idle do not keep those of this package from their
// turn, and the other way round.
func TestTurns(t *testing.T) {
	noop := func(_ *testing.T, c *imapconn.Client) error { return c.Noop().Wait() }
	ping := func(t *testing.T, c *imapconn.Client) error { _, err := c.Do(t.Context(), "XPING"); return err }
	loop := func(t *testing.T, c *imapconn.Client) (err error) {
		for _, err = range c.FetchEach(t.Context(), imap.UIDSetNum(1), nil) {
		}
		return err
	}
	for name, k := range map[string]struct {
		crowd func(t *testing.T, c *imapconn.Client, over *atomic.Bool)
		one   func(t *testing.T, c *imapconn.Client) error
		most  time.Duration // with those that are under way before it
	}{
		"Do beside commands":        {noops, ping, 3 * time.Second},
		"FetchEach beside commands": {noops, loop, 3 * time.Second},
		"a command beside Do":       {pings, noop, 2 * time.Second},
		"FetchEach beside Do":       {pings, loop, 2 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			go serveAhead(server, 0, time.Second)
			c := over(t, client, nil)
			var crowd sync.WaitGroup
			var over atomic.Bool
			crowd.Go(func() { k.crowd(t, c, &over) })
			time.Sleep(10 * time.Second)
			const n = 20
			begin := time.Now()
			for range n {
				if err := k.one(t, c); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if each := time.Since(begin) / n; each > k.most {
				t.Errorf("%s: %v for each", name, each)
			}
			over.Store(true)
			crowd.Wait()
		})
	}
}

// noops sends commands until over, so that one is pending at any time.
func noops(t *testing.T, c *imapconn.Client, over *atomic.Bool) {
	sent := c.Noop()
	for !over.Load() {
		next := c.Noop()
		if err := sent.Wait(); err != nil {
			t.Error(err)
		}
		sent = next
	}
	if err := sent.Wait(); err != nil {
		t.Error(err)
	}
}

// pings sends commands of this package until over.
func pings(t *testing.T, c *imapconn.Client, over *atomic.Bool) {
	for !over.Load() {
		if _, err := c.Do(t.Context(), "XPING"); err != nil {
			t.Error(err)
		}
	}
}

// awaitTurn has a command of this package wait for its turn.
func awaitTurn(t *testing.T, c *imapconn.Client) *sync.WaitGroup {
	waiting := new(sync.WaitGroup)
	waiting.Go(func() {
		if _, err := c.Do(t.Context(), "XPING"); err != nil {
			t.Error(err)
		}
	})
	synctest.Wait()
	return waiting
}

// A program that sends commands while it reads the answer to another does not wait for a
// command of this package that waits for it.
func TestTurnOfAReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 400 // more than go-imap's client holds
		client, server := net.Pipe()
		go serveAhead(server, n, 0)
		c := over(t, client, nil)
		fetch := c.Fetch(imap.SeqSet{{Start: 1, Stop: n}}, &imap.FetchOptions{Flags: true})
		waiting := awaitTurn(t, c)
		begin := time.Now()
		var sent []*imapclient.Command
		for fetch.Next() != nil {
			sent = append(sent, c.Noop())
		}
		for _, cmd := range sent {
			if err := cmd.Wait(); err != nil {
				t.Fatal(err)
			}
		}
		waiting.Wait()
		if took := time.Since(begin); len(sent) != n || took > 2*time.Second {
			t.Errorf("%d messages in %v", len(sent), took)
		}
	})
}

// A message that is half sent is sent to its end, whatever waits.
func TestTurnOfAMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := new(recorder).session(t, "", nil)
		message := c.Append("INBOX", 6, nil)
		io.WriteString(message, "abc")
		waiting := awaitTurn(t, c)
		begin := time.Now()
		io.WriteString(message, "def")
		if err := message.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := message.Wait(); err != nil {
			t.Error(err)
		}
		waiting.Wait()
		if took := time.Since(begin); took > 0 {
			t.Errorf("took %v", took)
		}
	})
}

// A command that has waited behind one of this package is sent, however long it was: the
// client's time for writing it does not count.
func TestTurnAfterALongTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		go serveAhead(server, 0, 3*time.Minute)
		c := over(t, client, nil)
		first := c.Noop()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		var waiting sync.WaitGroup
		waiting.Go(func() {
			if _, err := c.Do(ctx, "XPING"); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
		synctest.Wait()
		if err := errors.Join(c.Noop().Wait(), first.Wait()); err != nil {
			t.Error(err)
		}
		waiting.Wait()
	})
}

// serveAhead takes some time for each command, and reads others meanwhile. FETCH has it tell
// of n messages.
func serveAhead(conn net.Conn, n int, takes time.Duration) {
	defer conn.Close()
	io.WriteString(conn, "* PREAUTH [CAPABILITY IMAP4rev1] ready\r\n")
	commands := make(chan string, 2*n)
	go func() {
		defer close(commands)
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			commands <- lines.Text()
		}
	}()
	for command := range commands {
		tag, rest, _ := strings.Cut(command, " ")
		for i := range n {
			if strings.HasPrefix(rest, "FETCH ") {
				fmt.Fprintf(conn, "* %d FETCH (FLAGS ())\r\n", i+1)
			}
		}
		time.Sleep(takes)
		io.WriteString(conn, tag+" OK done\r\n")
	}
}

// An IDLE that stays open has the commands of this package fail soon, and the session goes
// on. One that is closed meanwhile does not.
func TestCommandsBesideIdle(t *testing.T) {
	player := scripttest.New(t)
	ways := map[string]func(t *testing.T, c *imapconn.Client) error{
		"Do": func(t *testing.T, c *imapconn.Client) error { _, err := c.Do(t.Context(), "XPING"); return err },
		"FetchEach": func(t *testing.T, c *imapconn.Client) (err error) {
			for _, err = range c.FetchEach(t.Context(), imap.UIDSetNum(1), nil) {
			}
			return err
		},
		"AppendEach": func(t *testing.T, c *imapconn.Client) (err error) {
			for _, err = range c.AppendEach(t.Context(), "INBOX", appends([]string{"x"})) {
			}
			return err
		},
	}
	const idle, ping = "C: IDLE\nS: + idling\nC: DONE\nS: <tag> OK done\n", "C: XPING\nS: <tag> OK done"
	for name, do := range ways {
		synctest.Test(t, func(t *testing.T) {
			c, session := begin(t, player, t.Context(), idle+ping, imapconn.Options{ReplyTimeout: -1})
			open, err := c.Idle()
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if err := do(t, c); !errors.Is(err, imapconn.ErrIdle) || time.Since(began) > time.Second {
				t.Errorf("%s: %v after %v", name, err, time.Since(began))
			}
			if err := errors.Join(open.Close(), open.Wait(), ways["Do"](t, c)); err != nil {
				t.Errorf("%s: then %v", name, err)
			}
			c.Close()
			session.Record()
		})
	}
	synctest.Test(t, func(t *testing.T) {
		c, session := begin(t, player, t.Context(), idle+ping, imapconn.Options{})
		open, err := c.Idle()
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second/2, func() { open.Close() })
		if err := ways["Do"](t, c); err != nil {
			t.Errorf("an IDLE that is closed meanwhile: %v", err)
		}
		c.Close()
		session.Record()
	})
}
