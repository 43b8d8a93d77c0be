package transcript_test

import (
	"bytes"
	"errors"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/internal/protocols"
	"github.com/mailconn/mailconn/internal/transcript"
	"github.com/mailconn/mailconn/policy"
)

// conn is a connection of which the test says what comes and goes.
type conn struct {
	net.Conn
	in bytes.Buffer
}

func (c *conn) Read(p []byte) (int, error)  { return c.in.Read(p) }
func (c *conn) Write(p []byte) (int, error) { return len(p), nil }
func (c *conn) Close() error                { return nil }

// prefix is the number of a connection and the time.
var prefix = regexp.MustCompile(`(?m)^\d{6} \d\d:\d\d:\d\d\.\d{3} `)

// converse plays lines that begin with "C: " or "S: " over a connection whose
// transcript it returns, in pieces of at most size bytes.
func converse(p policy.Protocol, size int, lines string) string {
	var out bytes.Buffer
	c := &conn{}
	followed := transcript.New(&out, protocols.Of(p)).Follow(c)
	for line := range strings.Lines(lines) {
		text := []byte(strings.TrimSuffix(line[3:], "\n") + "\r\n")
		for len(text) > 0 {
			n := min(size, len(text))
			if line[0] == 'C' {
				followed.Write(text[:n])
			} else {
				c.in.Write(text[:n])
				followed.Read(make([]byte, n))
			}
			text = text[n:]
		}
	}
	followed.Close()
	return prefix.ReplaceAllString(out.String(), "")
}

func TestConversations(t *testing.T) {
	synctest.Test(t, testConversations) // or a busy machine loses lines
}

func testConversations(t *testing.T) {
	for _, c := range []struct {
		name        string
		protocol    policy.Protocol
		lines, want string
	}{
		{"SMTP login", policy.Submission, `S: 220 mail.test
C: EHLO me
S: 250-mail.test
S: 250 AUTH PLAIN LOGIN
C: AUTH PLAIN AGpvZQBzZWNyZXQ=
S: 535 5.7.8 the password secret is wrong
C: auth login
S: 334 VXNlcm5hbWU6
C: am9l
S: 334 UGFzc3dvcmQ6
C: c2VjcmV0
S: 235 2.7.0 hello joe, whose password is secret
C: NOOP
S: 250 words come back
`, `S: 220 mail.test
C: EHLO me
S: 250-mail.test
S: 250 AUTH PLAIN LOGIN
C: AUTH PLAIN [left out]
S: 535 5.7.8 [left out]
C: auth login
S: 334 [left out]
C: [left out]
S: 334 [left out]
C: [left out]
S: 235 2.7.0 [left out]
C: NOOP
S: 250 words come back
`},
		{"SMTP content", policy.SMTP, `S: 220 mail.test
C: MAIL FROM:<a@test>
C: RCPT TO:<b@test>
C: DATA
S: 250 ok
S: 250 ok
S: 354 go
C: Subject: private
C: 
C: AUTH me
C: .
C: MAIL FROM:<a@test>
S: 250 taken
S: 250 ok
C: RCPT TO:<b@test>
C: DATA
S: 550 no
S: 503 no
C: BDAT
C: VRFY 9
C: HELP
S: 501 what
S: 252 perhaps
S: 214 no
C: BDAT 9 LAST
C: private
C: QUIT
S: 250 taken
S: 221 bye
`, `S: 220 mail.test
C: MAIL FROM:<a@test>
C: RCPT TO:<b@test>
C: DATA
S: 250 ok
S: 250 ok
S: 354 go
C: [29 bytes]
C: .
C: MAIL FROM:<a@test>
S: 250 taken
S: 250 ok
C: RCPT TO:<b@test>
C: DATA
S: 550 no
S: 503 no
C: BDAT
C: VRFY 9
C: HELP
S: 501 what
S: 252 perhaps
S: 214 no
C: BDAT 9 LAST
C: [9 bytes]
C: QUIT
S: 250 taken
S: 221 bye
`},
		{"POP3", policy.POP3, `S: +OK ready
C: CAPA
S: +OK
S: SASL PLAIN
S: .
C: USER joe
S: +OK
C: PASS my secret
S: -ERR [AUTH] my secret is wrong
C: APOP joe c4c9334bac560ecc979e58001b3e22fb
S: -ERR [secret] c4c9334bac560ecc979e58001b3e22fb
C: APOP
S: -ERR what
C: AUTH PLAIN
S: + 
C: AGpvZQBzZWNyZXQ=
S: -ERR no
C: AUTH PLAIN AGpvZQBzZWNyZXQ=
S: + more of AGpvZQBzZWNyZXQ=
C: AGpvZQBzZWNyZXQ=
S: +OK hello secret
C: LIST
C: RETR 1
C: TOP 1 0
S: +OK
S: 1 20
S: .
S: +OK
S: Subject: private
S: ..
S: .
S: -ERR no
C: CAPA
C: PASS my secret
S: +OK
S: SASL PLAIN
S: .
S: -ERR no
C: QUIT
S: +OK bye
`, `S: +OK ready
C: CAPA
S: +OK
S: SASL PLAIN
S: .
C: USER joe
S: +OK
C: PASS [left out]
S: -ERR [AUTH] [left out]
C: APOP joe [left out]
S: -ERR [left out]
C: APOP
S: -ERR [left out]
C: AUTH PLAIN
S: [left out]
C: [left out]
S: -ERR [left out]
C: AUTH PLAIN [left out]
S: [left out]
C: [left out]
S: +OK [left out]
C: LIST
C: RETR 1
C: TOP 1 0
S: +OK
S: 1 20
S: .
S: +OK
S: [22 bytes]
S: .
S: -ERR no
C: CAPA
C: PASS [left out]
S: +OK
S: SASL PLAIN
S: .
S: -ERR [left out]
C: QUIT
S: +OK bye
`},
		{"IMAP", policy.IMAP, `S: * OK ready
C: a CAPABILITY
S: * CAPABILITY IMAP4rev1
S: a OK done
C: b AUTHENTICATE PLAIN AGpvZQBzZWNyZXQ=
S: + AGpvZQBzZWNyZXQ=
C: AGpvZQBzZWNyZXQ=
S: * NO secret
S: b NO [AUTHENTICATIONFAILED] secret is wrong
C: c LOGIN joe {6}
S: + secret
C: secret
S: * secret
S: c OK [SECRET] secret
C: d APPEND INBOX {9}
S: + go
C: private
C: 
S: d OK done
C: e FETCH 1 ALL
S: * 1 FETCH (ENVELOPE ("1 Jan" "pri\"vate") BODY[] {9}
S: private
S:  FLAGS (\Seen "private") BODY[TEXT] {0}
S: )
S: e OK [ALERT] a text {9}
S: * 2 EXISTS
`, `S: * OK ready
C: a CAPABILITY
S: * CAPABILITY IMAP4rev1
S: a OK done
C: b AUTHENTICATE PLAIN [left out]
S: + [left out]
C: [left out]
S: * NO [left out]
S: b NO [AUTHENTICATIONFAILED] [left out]
C: c LOGIN [left out]
S: + [left out]
C: [6 bytes]
C: [left out]
S: * [left out]
S: c OK [left out]
C: d APPEND INBOX {9}
S: + go
C: [9 bytes]
C: 
S: d OK done
C: e FETCH 1 ALL
S: * 1 FETCH (ENVELOPE ("[5 bytes]" "[9 bytes]") BODY[] {9}
S: [9 bytes]
S:  FLAGS (\Seen "[7 bytes]") BODY[TEXT] {0}
S: )
S: e OK [ALERT] a text {9}
S: * 2 EXISTS
`},
	} {
		for _, size := range []int{1, 3, 1000} {
			if got := converse(c.protocol, size, c.lines); got != c.want {
				t.Errorf("%s, in pieces of %d:\n%s\nwant\n%s", c.name, size, got, c.want)
			}
		}
	}
}

// Lines without an end, and lines of any length, are shown in part.
func TestLongLines(t *testing.T) {
	var got string
	synctest.Test(t, func(*testing.T) {
		got = converse(policy.IMAP, 1000, "S: * OK "+strings.Repeat("x", 100_000)+" {5}\nS: * 1 FETCH (BODY[] {9}\nS: private\nS: )\n")
	})
	for line := range strings.Lines(got) {
		if len(line) > 520 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
	if strings.Contains(got, "private") || !strings.Contains(got, "[9 bytes]") {
		t.Errorf("%s", got)
	}
}

// writer is a writer that fails or blocks when told to.
type writer struct {
	mu    sync.Mutex
	lines []string
	fails bool
	block chan struct{}
}

func (w *writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	block, fails := w.block, w.fails
	w.mu.Unlock()
	if block != nil {
		<-block
	}
	if fails {
		return 0, errors.New("disk full")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, prefix.ReplaceAllString(string(p), ""))
	return len(p), nil
}

func (w *writer) set(fails bool, block chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fails, w.block = fails, block
}

// A writer that fails loses lines, and the next one says how many.
func TestWriterFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &writer{}
		tr := transcript.New(w, protocols.Of(policy.IMAP))
		tr.Note("one")
		w.set(true, nil)
		tr.Note("two")
		tr.Note("three")
		w.set(false, nil)
		tr.Note("four")
		tr.Note("five")
		if got := strings.Join(w.lines, ""); got != "-- one\n-- four (before this, 2 lines were lost)\n-- five\n" {
			t.Errorf("%q", got)
		}
	})
}

// A writer that blocks holds a connection up for a moment, once, and loses lines.
func TestWriterBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &writer{}
		tr := transcript.New(w, protocols.Of(policy.IMAP))
		free := make(chan struct{})
		w.set(false, free)
		start := time.Now()
		for range 1000 {
			tr.Note("lost")
		}
		if held := time.Since(start); held != 1050*time.Millisecond {
			t.Errorf("held up for %v", held)
		}
		w.set(false, nil)
		close(free)
		synctest.Wait()
		tr.Note("next")
		if got := w.lines[len(w.lines)-1]; got != "-- next (before this, 999 lines were lost)\n" {
			t.Errorf("%q", got)
		}
	})
}

// slow is a writer that takes its time, for its nth line as long as the nth of takes.
type slow struct {
	writer
	takes []time.Duration
}

func (w *slow) Write(p []byte) (int, error) {
	time.Sleep(w.takes[0]) // of the bubble's clock
	w.takes = w.takes[1:]
	return w.writer.Write(p)
}

// Lines that are late are waited for, as long as they are not late for more than a
// second in all; then they are lost while one is being written.
func TestWriterIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ms = time.Millisecond
		w := &slow{takes: []time.Duration{50 * ms, 550 * ms, 0, 540 * ms, 45 * ms, 70 * ms, 0, 0}}
		tr := transcript.New(w, protocols.Of(policy.IMAP))
		start := time.Now()
		for _, text := range []string{"on time", "late", "at once", "late again", "on time", "too late", "lost"} {
			tr.Note("%s", text)
		}
		if held := time.Since(start); held != (50+550+540+45+60)*ms {
			t.Errorf("held up for %v", held)
		}
		synctest.Wait()
		time.Sleep(time.Second)
		tr.Note("next")
		want := "-- on time\n-- late\n-- at once\n-- late again\n-- on time\n-- too late\n-- next (before this, 1 lines were lost)\n"
		if got := strings.Join(w.lines, ""); got != want {
			t.Errorf("%q", got)
		}
	})
}

// Each connection has a number.
func TestNumbers(t *testing.T) {
	var out bytes.Buffer
	for range 2 {
		transcript.New(&out, protocols.Of(policy.IMAP)).Note("x")
	}
	if lines := prefix.FindAllString(out.String(), -1); len(lines) != 2 || lines[0][:6] == lines[1][:6] {
		t.Errorf("%q", lines)
	}
}
