package interop

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
)

// TestCompress fills a mailbox over a compressed session, and reads it over one that is
// compressed and one that is not: the messages are the same to the byte, and the list of
// them takes a quarter of the bytes at most.
func TestCompress(t *testing.T) {
	n := 300
	if os.Getenv("MAILCONN_FULL") != "" {
		n = 10000
	}
	atMailboxes(t, func(t *testing.T, c client) {
		writer, _ := c.counted(true)
		want := map[[32]byte]int{}
		for i := range n {
			text := listed(i)
			appendTo(t, writer, "INBOX", text)
			want[sha256.Sum256([]byte(text))]++
		}
		logout(t, writer)
		packed, plain := c.readAll(true, want), c.readAll(false, want)
		t.Logf("%d envelopes with structure: %d bytes, compressed %d; whole messages: %d, compressed %d", n, plain[0], packed[0], plain[1], packed[1])
		if packed[0]*4 > plain[0] {
			t.Error("that is not much less")
		}
	})
}

// listed is a message as mail programs write them.
func listed(i int) string {
	return fmt.Sprintf("From: \"Sender %d\" <sender%d@example.test>\r\nTo: <alice@example.test>\r\nSubject: about %d and %d\r\nMessage-ID: <%x@example.test>\r\n"+
		"Date: Mon, 2 Feb 2004 10:%02d:%02d +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"b%d\"\r\n\r\n"+
		"--b%[9]d\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nline %[1]d\r\n%[10]s--b%[9]d\r\nContent-Type: text/html\r\n\r\n<p>line %[1]d</p>\r\n--b%[9]d--\r\n",
		i, i%50, i, i*i, sha256.Sum256([]byte{byte(i), byte(i >> 8)}), i/60%60, i%60, i, i, strings.Repeat("Some words that mail is full of.\r\n", i%40))
}

// counted begins a session whose bytes are counted.
func (c client) counted(compress bool) (*imapconn.Client, *atomic.Int64) {
	c.t.Helper()
	d := dialer(c.lab, find(c.server, policy.IMAP, policy.ImplicitTLS, servers.Good), false)
	count := &counting{below: d.NetDialer}
	d.NetDialer = count
	s := must(imapconn.Dial(c.t.Context(), endpoint(policy.IMAP, policy.ImplicitTLS), &imapconn.Options{Dialer: d, Auth: c.auth(), Compress: compress}))(c.t)
	if s.Compressed() != compress {
		c.t.Fatalf("compressed: %v", s.Compressed())
	}
	return s, &count.read
}

// readAll reads the list of the messages and the messages, and returns how many bytes each
// took.
func (c client) readAll(compress bool, want map[[32]byte]int) (took [2]int64) {
	s, count := c.counted(compress)
	defer s.Close()
	must(s.Select("INBOX", nil).Wait())(c.t)
	all := imap.SeqSet{{Start: 1, Stop: 0}}
	before := count.Load()
	list := s.Fetch(all, &imap.FetchOptions{UID: true, Flags: true, Envelope: true, RFC822Size: true, BodyStructure: &imap.FetchItemBodyStructure{Extended: true}})
	for m := list.Next(); m != nil; m = list.Next() {
		if got, err := m.Collect(); err != nil || got.Envelope == nil || got.BodyStructure.MediaType() != "multipart/alternative" {
			c.t.Errorf("message %d: %v", m.SeqNum, err)
		}
	}
	took[0] = count.Load() - before
	section := &imap.FetchItemBodySection{Peek: true}
	bodies := s.Fetch(all, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{section}})
	got := map[[32]byte]int{}
	for m := bodies.Next(); m != nil; m = bodies.Next() {
		b := must(m.Collect())(c.t)
		got[sha256.Sum256(b.FindBodySection(section))]++
	}
	took[1] = count.Load() - before - took[0]
	for sum, n := range want {
		if got[sum] != n {
			c.t.Errorf("%x: %d times, not %d", sum[:4], got[sum], n)
		}
	}
	if err := bodies.Close(); err != nil || list.Close() != nil || len(got) != len(want) {
		c.t.Errorf("%d messages, not %d; %v", len(got), len(want), err)
	}
	logout(c.t, s)
	return took
}

// counting is a dialer that counts the bytes that are read of its connections.
type counting struct {
	below dial.NetDialer
	read  atomic.Int64
}

func (c *counting) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := c.below.DialContext(ctx, network, address)
	return counted{conn, c}, err
}

type counted struct {
	net.Conn
	*counting
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read.Add(int64(n))
	return n, err
}
