package pop3conn_test

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/pop3conn"
)

// TestTurns counts what a mailbox of a thousand messages costs: 5 turns with
// PIPELINING, one for each command without.
func TestTurns(t *testing.T) {
	both(t, func(t *testing.T, o *pop3conn.Options) {
		box := &mailbox{caps: pipelining, letters: letters(1000, 4000)}
		conn, c := dialFar(t, box, o)
		if _, err := c.Index(ctx); err != nil {
			t.Fatal(err)
		}
		for m, err := range c.RetrEach(ctx, listings(1000)) {
			if got := readAll(t, m, err); got != box.letters[m.Msg-1] {
				t.Fatalf("message %d: %.80q", m.Msg, got)
			}
		}
		want := 5
		if o.NoPipelining {
			want = 1002
		}
		if conn.turns != want {
			t.Errorf("%d turns to fetch, want %d", conn.turns, want)
		}
		conn.turns = 0
		if marked, err := c.DeleEach(ctx, listings(1000)); len(marked) != 1000 || err != nil {
			t.Errorf("DeleEach: %v, %v", marked, err)
		}
		if want = 4; o.NoPipelining {
			want = 1000
		}
		if conn.turns != want {
			t.Errorf("%d turns to delete, want %d", conn.turns, want)
		}
	})
}

// TestNotListed: without PIPELINING in the list no command is sent ahead, and
// none is either where the list from after the login has lost it.
func TestNotListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := &mailbox{letters: letters(10, 10)}
		conn, c := dialFar(t, box, nil)
		for m, err := range c.RetrEach(ctx, listings(10)) {
			readAll(t, m, err)
		}
		if conn.turns != 10 {
			t.Errorf("%d turns", conn.turns)
		}
	})
}

// TestAfterLogin: PIPELINING that is listed only after the login is found.
func TestAfterLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := &mailbox{caps: "USER\r\n", letters: letters(10, 10)}
		conn, c := dialFar(t, box, &pop3conn.Options{Auth: cleartext()})
		box.caps = pipelining
		for m, err := range c.RetrEach(ctx, listings(10)) {
			readAll(t, m, err)
		}
		if conn.turns != 2 {
			t.Errorf("%d turns", conn.turns)
		}
	})
}

// TestIndexAfterLogin: the list that is due after a login comes with the index,
// in one turn if the one before the login has PIPELINING.
func TestIndexAfterLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := &mailbox{caps: "USER\r\n" + pipelining, letters: letters(3, 10)}
		conn, c := dialFar(t, box, &pop3conn.Options{Auth: cleartext()})
		box.caps = "X-AFTER\r\n"
		if list, err := c.Index(ctx); len(list) != 3 || err != nil {
			t.Errorf("%v, %v", list, err)
		}
		check(t, "Capabilities", c.Capabilities(), nil, []string{"X-AFTER"})
		if conn.turns != 1 {
			t.Errorf("%d turns", conn.turns)
		}
		for m, err := range c.RetrEach(ctx, listings(3)) { // PIPELINING is not listed any more
			readAll(t, m, err)
		}
		if conn.turns != 4 {
			t.Errorf("%d turns", conn.turns)
		}
	})
}

// TestTinyBuffers: a server that takes no command before its last answer was
// read, over a connection without buffers, is not waited for in vain.
func TestTinyBuffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := &mailbox{caps: pipelining, letters: letters(1000, 100)}
		conn, _ := served(t, box)
		c := mustBegin(t, conn)
		index, err := c.Index(ctx)
		if err != nil || len(index) != 1000 || index[999] != (pop3conn.Listing{Msg: 1000, ID: "id1000", Size: int64(len(box.letters[999]))}) {
			t.Fatalf("%d entries, %v", len(index), err)
		}
		for m, err := range c.RetrEach(ctx, listings(1000)) {
			if got := readAll(t, m, err); got != box.letters[m.Msg-1] {
				t.Fatalf("message %d: %q", m.Msg, got)
			}
		}
		check(t, "Quit", 0, c.Quit(ctx), 0)
	})
}

// TestBackPressure: a reader that takes its time holds the server back, costs no
// memory and breaks no time limit.
func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 200_000
		box := &mailbox{caps: pipelining, letters: letters(20, size)}
		conn, sent := served(t, box)
		c, err := begin(conn, &pop3conn.Options{ReplyTimeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		read := 0
		for m, err := range c.RetrEach(ctx, listings(20)) {
			if err != nil {
				t.Fatal(err)
			}
			for {
				time.Sleep(time.Hour)
				synctest.Wait()
				if ahead := sent() - read; ahead > 40<<10 {
					t.Fatalf("the server is %d bytes ahead of the reader", ahead)
				}
				n, err := io.ReadFull(m, make([]byte, 50_000))
				read += n
				if err != nil {
					break
				}
			}
			if !m.Complete() {
				t.Fatalf("message %d", m.Msg)
			}
		}
		check(t, "Quit", 0, c.Quit(ctx), 0)
	})
}
