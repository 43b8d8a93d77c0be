package imapconn_test

import (
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/imapconn"
)

const (
	nonSync  = "LITERAL+ UIDPLUS"
	multi    = nonSync + " MULTIAPPEND"
	lockStep = "UIDPLUS"
)

// refusing returns an answer to a command that has a message.
func refusing(message, said string) func([]string) string {
	return func(contents []string) string {
		if slices.Contains(contents, message) {
			return said
		}
		return ""
	}
}

// always returns an answer to every command.
func always(said string) func([]string) string {
	return func([]string) string { return said }
}

// oddAppends are answers of servers, and what AppendEach says of the messages "one", "two"
// and "three".
var oddAppends = []struct {
	name   string
	server appendServer
	want   string
	stored string // the messages that the server has
}{
	{"plain", appendServer{caps: nonSync}, "1; 2; 3", "one two three"},
	{"in lock-step", appendServer{caps: lockStep}, "1; 2; 3", "one two three"},
	{"short literals", appendServer{caps: "LITERAL-"}, "1; 2; 3", "one two three"},
	{"in one command", appendServer{caps: multi}, "1; 2; 3", "one two three"},
	{"in one command, in lock-step", appendServer{caps: "MULTIAPPEND"}, "1; 2; 3", "one two three"},
	{"NO ahead of a literal", appendServer{caps: lockStep, announced: func(n int) string {
		return []string{"", "TAG NO [TOOBIG] too big\r\n", ""}[n]
	}}, "1; 1!false imap: NO [TOOBIG] too big; 2", "one three"},
	{"NO ahead of all", appendServer{caps: lockStep, announced: func(int) string {
		return "TAG NO [TRYCREATE] no such mailbox\r\n"
	}}, "0!false imap: NO [TRYCREATE] no such mailbox; 1!false imap: NO [TRYCREATE] no such mailbox; 2!false imap: NO [TRYCREATE] no such mailbox", ""},
	{"NO behind", appendServer{caps: lockStep, answered: refusing("two", "TAG NO [OVERQUOTA] full\r\n")}, "1; 1!false imap: NO [OVERQUOTA] full; 2", "one three"},
	{"NO behind, sent ahead", appendServer{caps: nonSync, answered: refusing("two", "TAG NO [overquota] full\r\n")}, "1; 1!false imap: NO [OVERQUOTA] full; 2", "one three"},
	{"BAD", appendServer{caps: nonSync, answered: refusing("two", "TAG BAD what?\r\n")}, "1; 1!false imap: BAD what?; 2", "one three"},
	{"one of many", appendServer{caps: multi, answered: refusing("two", "TAG NO [LIMIT] too long\r\n")}, "1; 1!false imap: NO [LIMIT] too long; 2", "one three"},
	{"NO in place of the second literal", appendServer{caps: "MULTIAPPEND", announced: func(n int) string {
		return map[int]string{1: "TAG NO [TOOBIG] too big\r\n", 3: "TAG NO [TOOBIG] too big\r\n"}[n]
	}}, "1; 1!false imap: NO [TOOBIG] too big; 2", "one three"},
	{"OK in place of the consent", appendServer{caps: lockStep, announced: func(n int) string {
		return map[int]string{1: "TAG OK [APPENDUID 9 7] done\r\n"}[n]
	}}, "1; 1!false imapconn: the server has answered OK without taking the message; 2", "one three"},
	{"a consent that nothing waits for", appendServer{caps: nonSync, answered: refusing("two", "+ go on\r\nTAG OK done\r\n")}, "1; 0; 3", "one two three"},
	{"no code", appendServer{caps: nonSync, answered: always("TAG OK done\r\n")}, "0; 0; 0", "one two three"},
	{"UIDs in a row", appendServer{caps: multi, answered: always("TAG OK [APPENDUID 9 4,7:8] done\r\n")}, "4; 7; 8", "one two three"},
	{"a range that falls", appendServer{caps: multi, answered: always("TAG OK [APPENDUID 9 8:6] done\r\n")}, "6; 7; 8", "one two three"},
	{"UIDs out of order", appendServer{caps: multi, answered: always("TAG OK [APPENDUID 9 8,7,6] done\r\n")}, "0; 0; 0", "one two three"},
	{"too few UIDs", appendServer{caps: multi, answered: always("TAG OK [APPENDUID 9 4:5] done\r\n")}, "0; 0; 0", "one two three"},
	{"too many UIDs", appendServer{caps: multi, answered: always("TAG OK [APPENDUID 9 1:4294967295] done\r\n")}, "0; 0; 0", "one two three"},
	{"a UID twice", appendServer{caps: multi, answered: always("TAG OK [APPENDUID 9 4,4,5] done\r\n")}, "0; 0; 0", "one two three"},
	{"no UIDVALIDITY", appendServer{caps: multi, answered: always("TAG OK [APPENDUID 0 4:6] done\r\n")}, "0; 0; 0", "one two three"},
	{"no number", appendServer{caps: multi, answered: always("TAG OK [APPENDUID 9 x:y,*] done\r\n")}, "0; 0; 0", "one two three"},
	{"UIDs of others", appendServer{caps: nonSync, answered: always("TAG OK [APPENDUID 9 4:6] done\r\n")}, "0; 0; 0", "one two three"},
	{"what nothing asked for", appendServer{caps: nonSync, answered: refusing("two", "* 3 EXISTS\r\n* 1 FETCH (UID 1 FLAGS ())\r\nTAG OK [APPENDUID 9 2] done\r\n")}, "1; 2; 3", "one two three"},
	{"more than fits", appendServer{caps: nonSync + " APPENDLIMIT=4"}, "1; 2; 2!false imapconn: the message has 5 bytes, and the server lists APPENDLIMIT=4", "one two"},
	{"no messages", appendServer{caps: nonSync + " APPENDLIMIT=0"}, "0!false imapconn: the message has 3 bytes, and the server lists APPENDLIMIT=0; 1!false imapconn: the message has 3 bytes, and the server lists APPENDLIMIT=0; 2!false imapconn: the message has 5 bytes, and the server lists APPENDLIMIT=0", ""},
}

func TestAppendEachOfOddServers(t *testing.T) {
	for _, test := range oddAppends {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &test.server
				c, end := s.session(t, nil, nil)
				got := appended(t.Context(), c, "INBOX", appends([]string{"one", "two", "three"}))
				if got != test.want {
					t.Errorf("%s\nwant %s", got, test.want)
				}
				if err := c.Noop().Wait(); err != nil {
					t.Errorf("the session does not go on: %v", err)
				}
				end()
				if got := strings.Join(s.stored, " "); got != test.stored {
					t.Errorf("stored %q, want %q", got, test.stored)
				}
			})
		})
	}
}

// Messages are sent together as far as the server lets them: it answers none before it
// has all.
func TestAppendEachIsSentTogether(t *testing.T) {
	long := strings.Repeat("x", 4097)
	for name, test := range map[string]struct {
		server                  appendServer
		messages                []string
		commands, announcements int
	}{
		"LITERAL+":                  {appendServer{caps: nonSync, withheld: 100}, slices.Repeat([]string{long}, 100), 100, 0},
		"LITERAL-":                  {appendServer{caps: "LITERAL-", withheld: 100}, slices.Repeat([]string{long[1:]}, 100), 100, 0},
		"IMAP4rev2":                 {appendServer{caps: "IMAP4rev2", withheld: 100}, slices.Repeat([]string{long[1:]}, 100), 100, 0},
		"MULTIAPPEND":               {appendServer{caps: multi, withheld: 1}, slices.Repeat([]string{long}, 100), 1, 0},
		"LITERAL-, one byte longer": {appendServer{caps: "LITERAL-"}, []string{"one", long, "three"}, 3, 1},
		"many":                      {appendServer{caps: multi}, slices.Repeat([]string{"x"}, 450), 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &test.server
				c, end := s.session(t, nil, nil)
				n := 0
				for a, err := range c.AppendEach(t.Context(), "INBOX", appends(test.messages)) {
					if n++; err != nil || int(a.UID) != n {
						t.Fatal(n, a, err)
					}
				}
				end()
				if s.commands != test.commands || s.announcements != test.announcements || !slices.Equal(s.stored, test.messages) {
					t.Errorf("%d commands, %d announcements, %d messages", s.commands, s.announcements, len(s.stored))
				}
			})
		})
	}
}

// A server that leaves, or says what means nothing, ends the session, and each message has
// its state.
func TestAppendEachEnds(t *testing.T) {
	for name, test := range map[string]struct {
		server appendServer
		want   string
	}{
		"BYE": {appendServer{caps: nonSync, answered: refusing("two", "* BYE going down\r\n")}, "going down"},
		"BYE in place of the consent": {appendServer{caps: lockStep, announced: func(n int) string {
			return []string{"", "* BYE going down\r\n"}[n]
		}}, "going down"},
		"an answer to nothing": {appendServer{caps: nonSync, answered: refusing("two", "M77 OK done\r\n")}, "M77 OK done"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leaves := func(c net.Conn) net.Conn { return &leaving{Conn: c} }
				c, end := test.server.session(t, nil, leaves)
				got := appended(t.Context(), c, "INBOX", appends([]string{"one", "two", "three"}))
				end()
				if !strings.HasPrefix(got, "1; 1!") || !strings.Contains(got, test.want) || c.Err() == nil {
					t.Error(got)
				}
			})
		})
	}
}

// leaving is a connection that is closed behind a BYE.
type leaving struct{ net.Conn }

func (c *leaving) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if strings.Contains(string(p), "* BYE") {
		c.Conn.Close()
	}
	return n, err
}

// A content that takes its time costs no time of the server's, and a server that does not
// read ends the session in time.
func TestAppendEachTakesItsTime(t *testing.T) {
	const limit = time.Minute
	synctest.Test(t, func(t *testing.T) {
		s := &appendServer{caps: nonSync}
		c, end := s.session(t, &imapconn.Options{ReplyTimeout: limit}, nil)
		slow := &slowly{ReadSeeker: strings.NewReader(strings.Repeat("x", 2<<20)), each: 10 * limit}
		got := appended(t.Context(), c, "INBOX", func(yield func(imapconn.Append) bool) {
			_ = yield(imapconn.Append{Content: strings.NewReader("one")}) && yield(imapconn.Append{Content: slow})
		})
		if got != "1; 2" {
			t.Error(got)
		}
		end()
	})
	synctest.Test(t, func(t *testing.T) {
		s := &appendServer{caps: nonSync}
		deaf := make(chan struct{})
		c, end := s.session(t, &imapconn.Options{ReplyTimeout: limit}, func(conn net.Conn) net.Conn {
			return &tripwire{Conn: conn, left: 1000, trip: func(net.Conn) { <-deaf }}
		})
		begin := time.Now()
		got := appended(t.Context(), c, "INBOX", appends([]string{strings.Repeat("x", 100<<10)}))
		if took := time.Since(begin); took < limit || took > limit+time.Second || !errors.Is(c.Err(), os.ErrDeadlineExceeded) || !strings.HasPrefix(got, "0!false") {
			t.Errorf("%v %s", took, got)
		}
		close(deaf)
		end()
	})
}

// slowly takes its time for each MiB.
type slowly struct {
	io.ReadSeeker
	each time.Duration
	read int
}

func (s *slowly) Read(p []byte) (int, error) {
	n, err := s.ReadSeeker.Read(p)
	if s.read += n; s.read >= 1<<20 {
		time.Sleep(s.each) // of the bubble's clock
		s.read = 0
	}
	return n, err
}
