package interop

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
)

// TestBulk appends many messages and fetches them, while another session expunges and
// delivers: each message that stays comes once, byte for byte as it was appended.
func TestBulk(t *testing.T) {
	n := 500
	if os.Getenv("MAILCONN_FULL") != "" {
		n = 10_000
	}
	for i := range 2 * len(mailboxes) {
		name, compress := mailboxes[i/2], i%2 == 1
		t.Run(fmt.Sprint(name, " compress=", compress), func(t *testing.T) {
			t.Parallel()
			lab := servers.New(t)
			c := newClient(t, lab, starts[name](lab), servers.Alice)
			b := &bulk{largest: 500_000, sent: make(map[imap.UID][32]byte), gone: make(map[imap.UID]bool)}
			s := must(c.imap(policy.ImplicitTLS, imapconn.Options{Compress: compress}))(t)
			defer s.Close()
			if compress && !s.Compressed() {
				t.Error("the server does not compress")
			}
			const mailbox = "INBOX"
			if name == "cyrus" {
				b.largest = 60_000 // it lists APPENDLIMIT=65536
			}
			b.append(t, s, mailbox, n)
			must(s.Select(mailbox, nil).Wait())(t)
			other := must(c.imap(policy.ImplicitTLS, imapconn.Options{}))(t)
			defer other.Close()
			must(other.Select(mailbox, nil).Wait())(t)
			var disturber sync.WaitGroup
			disturber.Go(func() { b.disturb(t, other, mailbox, n) })
			b.fetch(t, s)
			disturber.Wait()
			logout(t, other)
			logout(t, s)
		})
	}
}

// bulk knows what is in a mailbox.
type bulk struct {
	largest int // of the messages, in bytes

	mu   sync.Mutex
	sent map[imap.UID][32]byte // by UID, the messages of the first session
	late [][32]byte            // what was delivered during the loop
	gone map[imap.UID]bool     // that may have been expunged
}

// bulkMessage returns a message: mostly short ones, with what servers quote, send as literals,
// or stumble over.
func bulkMessage(r *rand.Rand, i, largest int) string {
	name := []string{"Ann", `Ann "the" Smith\`, "(x) Ann", "=?utf-8?q?=C3=BC?="}[r.IntN(4)]
	size := r.IntN(4000)
	if r.IntN(200) == 0 {
		size = largest/4 + r.IntN(largest/2)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "From: %s <ann@example.test>\r\nTo: joe@example.test\r\nSubject: number %d %s\r\nMessage-ID: <%d@example.test>\r\n"+
		"Date: Sat, 1 Jan 2000 00:00:00 +0000\r\nX-Part: %x\r\n\r\n", name, i, name, i, r.Uint64())
	for text.Len() < size {
		text.WriteString(strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(70)))
		text.WriteString([]string{"\r\n", "\r\n.\r\n", " ü\r\n", ")\r\n", " {3}\r\n", "* 1 FETCH (UID 1)\r\n"}[r.IntN(6)])
	}
	return text.String()
}

// append appends n messages, and notes their UIDs.
func (b *bulk) append(t *testing.T, s *imapconn.Client, mailbox string, n int) {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	var sums [][32]byte
	messages := func(yield func(imapconn.Append) bool) {
		for i := range n {
			text := bulkMessage(r, i, b.largest)
			sums = append(sums, sha256.Sum256([]byte(text)))
			if !yield(imapconn.Append{Content: strings.NewReader(text)}) {
				return
			}
		}
	}
	i, last := 0, imap.UID(0)
	for a, err := range s.AppendEach(t.Context(), mailbox, iter.Seq[imapconn.Append](messages)) {
		if err != nil || a.UID <= last {
			t.Fatalf("message %d: UID %d behind %d, %v", i, a.UID, last, err)
		}
		b.sent[a.UID] = sums[i]
		i, last = i+1, a.UID
	}
	if i != n {
		t.Fatalf("%d messages were appended", i)
	}
}

// disturb expunges a tenth of the messages, and delivers as many.
func (b *bulk) disturb(t *testing.T, s *imapconn.Client, mailbox string, n int) {
	r := rand.New(rand.NewPCG(2, uint64(n)))
	for range 10 {
		var victims imap.UIDSet
		b.mu.Lock()
		for uid := range b.sent {
			if r.IntN(100) == 0 {
				b.gone[uid] = true
				victims.AddNum(uid)
			}
		}
		b.mu.Unlock()
		if len(victims) > 0 {
			store := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
			if err := errors.Join(s.Store(victims, store, nil).Close(), s.UIDExpunge(victims).Close()); err != nil {
				t.Error(err)
				return
			}
		}
		for i := range n/100 + 1 {
			text := bulkMessage(r, 1_000_000+i, b.largest)
			b.mu.Lock()
			b.late = append(b.late, sha256.Sum256([]byte(text)))
			b.mu.Unlock()
			if err := tryAppend(s, mailbox, text); err != nil {
				t.Error(err)
				return
			}
		}
	}
}

// fetch fetches the mailbox, and fails for each message that is missing, or is not what
// was appended.
func (b *bulk) fetch(t *testing.T, s *imapconn.Client) {
	came := make(map[imap.UID]bool)
	for m, err := range s.FetchEach(t.Context(), imap.UIDSet{{Start: 1}}, &imapconn.FetchOptions{Envelope: true, BodyStructure: true, InternalDate: true}) {
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.New()
		size, err := io.Copy(sum, m)
		b.mu.Lock()
		gone := b.gone[m.UID]
		b.mu.Unlock()
		switch {
		case err != nil && !gone:
			t.Errorf("UID %d: %v", m.UID, err)
		case err == nil && !b.knows(m.UID, [32]byte(sum.Sum(nil))):
			t.Errorf("UID %d: %d bytes that were not appended", m.UID, size)
		case came[m.UID]:
			t.Errorf("UID %d came twice", m.UID)
		}
		came[m.UID] = true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for uid := range b.sent {
		if !came[uid] && !b.gone[uid] {
			t.Errorf("UID %d did not come", uid)
		}
	}
	t.Logf("%d messages, %d expunged and %d delivered meanwhile, %d came", len(b.sent), len(b.gone), len(b.late), len(came))
}

// knows reports whether a message is what was appended, or was delivered.
func (b *bulk) knows(uid imap.UID, sum [32]byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if want, ok := b.sent[uid]; ok {
		return sum == want
	}
	for _, late := range b.late {
		if sum == late {
			return true
		}
	}
	return false
}
