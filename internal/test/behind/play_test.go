package behind

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
)

// outcome is what comes of a case.
type outcome struct {
	lines, notices []string
	end            string
	took           time.Duration // of the bubble's clock
}

// stage is what plays have in common.
type stage struct {
	player *scripttest.Player
	config *tls.Config
}

func newStage(t testing.TB) *stage {
	p := scripttest.New(t)
	config, err := p.TLS("good")
	if err != nil {
		t.Fatal(err)
	}
	return &stage{p, config}
}

// connect starts the server of a case and connects to it.
func (th *stage) connect(t testing.TB, c *testCase, s segments) *dial.Conn {
	return th.connectOver(t, c, s, policy.IMAP)
}

func (th *stage) connectOver(t testing.TB, c *testCase, s segments, p policy.Protocol) *dial.Conn {
	clientSide, serverSide := net.Pipe()
	srv := &server{testCase: c, segments: s}
	go srv.serve(serverSide, th.config)
	conn, err := th.player.Dialer().NewConn(context.Background(), clientSide,
		dial.Endpoint{Protocol: p, Host: "mail.test", Policy: policy.ImplicitTLS})
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// replyTime is that of the sessions, of the bubble's clock.
const replyTime = 10 * time.Second

// play plays a case to a session of imapconn.
func (th *stage) play(t *testing.T, c *testCase, s segments) (o outcome) {
	if c.protocol != "" {
		return th.playOther(t, c, s)
	}
	synctest.Test(t, func(t *testing.T) {
		conn := th.connect(t, c, s)
		var mu sync.Mutex
		client, err := imapconn.New(t.Context(), conn, &imapconn.Options{
			Auth:         auth.Password{User: "user", Secret: auth.NewSecret("secret")},
			ReplyTimeout: replyTime,
			Compress:     s == compressed,
			Notice: func(n imapconn.Notice) {
				mu.Lock()
				defer mu.Unlock()
				if len(o.notices) < maxLines {
					o.notices = append(o.notices, notice(n))
				}
			},
			UnilateralDataHandler: handler(&mu, &o.lines),
		})
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		for _, do := range c.do {
			lines := run(client, do)
			synctest.Wait()
			mu.Lock()
			o.lines = append(o.lines, lines...)
			mu.Unlock()
		}
		o.took = time.Since(begin)
		o.end = end(client.Err())
		client.Close()
		time.Sleep(patience)
	})
	return o
}

// patience is how long a play waits in the end, of the bubble's clock, for the server to
// be through.
const patience = time.Hour

// maxLines is how much is noted of what a server says unasked.
const maxLines = 500

// handler notes what the server says unasked.
func handler(mu *sync.Mutex, lines *[]string) *imapclient.UnilateralDataHandler {
	note := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		if len(*lines) < maxLines {
			*lines = append(*lines, "heard "+fmt.Sprintf(format, args...))
		}
	}
	return &imapclient.UnilateralDataHandler{
		Expunge: func(n uint32) { note("expunge %d", n) },
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			l := line{}
			if d.NumMessages != nil {
				l.add("messages %d", *d.NumMessages)
			}
			if d.Flags != nil {
				l.add("flags %v", d.Flags)
			}
			if d.PermanentFlags != nil {
				l.add("permanent %v", d.PermanentFlags)
			}
			note("%s", l)
		},
		Fetch: func(m *imapclient.FetchMessageData) {
			if buf, err := m.Collect(); err == nil {
				note("%s", message(buf))
			}
		},
		Metadata: func(mailbox string, entries []string) { note("metadata %s %v", mailbox, entries) },
	}
}

// playBare plays a case to go-imap's client, without a reader below it.
func (th *stage) playBare(t *testing.T, c *testCase) (o outcome) {
	synctest.Test(t, func(t *testing.T) {
		conn := th.connect(t, c, joined)
		greeting := "* PREAUTH [CAPABILITY " + strings.TrimSpace("IMAP4rev1 "+c.caps) + "] ready\r\n"
		var mu sync.Mutex
		client := imapclient.New(greeted{conn, strings.NewReader(greeting)}, &imapclient.Options{UnilateralDataHandler: handler(&mu, &o.lines)})
		if err := client.WaitGreeting(); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for _, do := range c.do {
				lines := run(client, do)
				mu.Lock()
				o.lines = append(o.lines, lines...)
				mu.Unlock()
			}
		}()
		timer := time.NewTimer(time.Hour)
		select {
		case <-done:
		case <-timer.C:
			mu.Lock()
			o.lines = append(o.lines, "hangs")
			mu.Unlock()
		}
		timer.Stop()
		go client.Close()
		conn.Abort()
		time.Sleep(patience)
	})
	return o
}

// greeted is a connection that begins with a greeting.
type greeted struct {
	*dial.Conn
	greeting io.Reader
}

func (g greeted) Read(p []byte) (int, error) {
	if n, _ := g.greeting.Read(p); n > 0 {
		return n, nil
	}
	return g.Conn.Read(p)
}
