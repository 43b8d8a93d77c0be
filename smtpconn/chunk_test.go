package smtpconn_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
)

// A refused chunk is the last one: LAST is never said. If nothing was said behind
// the chunk the session goes on behind RSET, else it is closed.
func TestRefusedChunk(t *testing.T) {
	big := strings.Repeat("0123456789\r\n", 100000)
	for _, c := range []struct {
		size    int
		content func(string) io.Reader
		nth     int // chunk
		reply   string
		alive   bool
		either  bool // alive or not, as the reply may be there before the next chunk, or not
	}{
		{900000, known, 1, "552 5.3.4 too large", true, false},
		{20000, known, 1, "552 5.3.4 too large", true, false},
		{20000, hidden, 1, "552 5.3.4 too large", true, false},
		{20000, hidden, 2, "552 5.3.4 too large", true, false}, // the last one waits for it
		{900000, hidden, 2, "552 5.3.4 too large", true, true},
		{900000, hidden, 2, "552 5.3.4 too large, said late", false, false},
		{20000, known, 1, "502 5.5.1 BDAT not supported", false, false},
		{20000, hidden, 2, "500 what", false, false},
	} {
		r := with(all...)
		n := 0
		r.answer = func(_ int, command, usual string) string {
			if command == "BDAT" {
				late := strings.HasSuffix(c.reply, "late")
				switch n++; {
				case late && (n == 2 || n == 3):
					return ""
				case late && n == 4:
					return c.reply + "\r\n" + usual + "\r\n" + usual
				case n == c.nth:
					return c.reply
				}
			}
			return usual
		}
		client, hangUp := dialRelay(t, r, nil)
		first := smtpconn.Message{Envelope: binary(), Content: c.content(big[:c.size])}
		got := results(client.SendEach(t.Context(), slices.Values([]smtpconn.Message{first, message(note)})))
		if len(got) == 0 || got[0].err == nil || got[0].err.Outcome != smtpconn.Refused || got[0].err.Reply == nil || !strings.HasPrefix(c.reply, fmt.Sprint(got[0].err.Reply.Code)) || got[0].err.Phase != smtpconn.PhaseContent {
			t.Fatalf("%+v: %+v", c, got)
		}
		unknown := !strings.HasPrefix(c.reply, "552")
		if unknown != strings.Contains(got[0].err.Error(), "Options.NoChunking") || unknown == got[0].err.MessageAtFault() {
			t.Errorf("%+v: %v", c, got[0].err)
		}
		alive := len(got) == 2 && got[1].err == nil
		if alive != c.alive && !c.either {
			t.Errorf("%+v: the next one: %+v", c, got)
		}
		wire := r.wire()
		if strings.Contains(wire, " LAST") || alive != strings.Contains(wire, "RSET\r\nMAIL") || !alive && client.Check() == nil {
			t.Errorf("%+v: LAST was said, or not RSET", c)
		}
		hangUp()
	}
}

// The last chunk, too, may have been taken for commands by a server that does not know
// BDAT after all: the connection is closed.
func TestRefusedLastChunk(t *testing.T) {
	for reply, alive := range map[string]bool{
		"552 5.3.4 too large": true, "451 4.3.0 later": true, "554 5.7.1 spam": true,
		"500 5.5.2 what": false, "502 5.5.1 what": false, "503 5.5.1 out of order": false, "504 5.5.4 what": false,
	} {
		for _, extensions := range [][]string{all, {"CHUNKING", "BINARYMIME"}} {
			r := with(extensions...)
			refused := false
			r.answer = func(_ int, command, usual string) string {
				if command == "LAST" && !refused {
					refused = true
					return reply
				}
				return usual
			}
			c, hangUp := dialRelay(t, r, nil)
			list := []smtpconn.Message{{Envelope: binary(), Content: strings.NewReader(note)}, message(note), message(note)}
			got := results(c.SendEach(t.Context(), slices.Values(list)))
			first := got[0].err
			if first == nil || first.Outcome != smtpconn.Refused || first.Phase != smtpconn.PhaseEnd || strings.Contains(first.Error(), "Options.NoChunking") == alive {
				t.Errorf("%s: %v", reply, first)
			}
			if alive != (c.Check() == nil) || alive != (len(r.took()) == 2) || !alive && len(r.took()) != 0 {
				t.Errorf("%s: the connection: %v, %d taken", reply, c.Check(), len(r.took()))
			}
			for _, next := range got[1:] {
				if !alive && (next.err == nil || next.err.Outcome != smtpconn.NotSent || !next.err.Temporary()) {
					t.Errorf("%s: the next: %+v", reply, next)
				}
			}
			hangUp()
		}
	}
}

func known(s string) io.Reader { return strings.NewReader(s) }

// naive is a server that lists CHUNKING and does not have it: it answers BDAT, and
// takes the chunk for commands.
func naive(r *relay, answer string) {
	r.answer = func(_ int, command, usual string) string {
		if command == "BDAT" || command == "LAST" {
			return answer
		}
		return usual
	}
	r.unconsumed = true
}

// No content is run as commands, whatever a server that does not take chunks
// answers.
func TestNoContentIsRun(t *testing.T) {
	evil := "MAIL FROM:<evil@mail.test>\r\nRCPT TO:<victim@mail.test>\r\nDATA\r\nx\r\n.\r\n"
	for _, answer := range []string{"502 5.5.1 what", "500 what", "250 2.0.0 ok", "452 4.3.1 full", "552 5.3.4 too large", "421 4.3.2 going", ""} {
		for _, content := range []func(string) io.Reader{known, hidden} {
			for _, pad := range []int{0, 50000} {
				for _, o := range []*smtpconn.Options{nil, {NoPipelining: true}} {
					r := with(all...)
					naive(r, answer)
					c, hangUp := dialRelay(t, r, o)
					if answer == "" { // and no more
						time.AfterFunc(20*time.Millisecond, func() { c.Abort() })
					}
					text := strings.Repeat("x\r\n", pad/3) + evil
					for range 2 { // what the first has shown of the server must not mislead the second
						_, err := c.Send(t.Context(), binary(), content(text))
						if err == nil && len(r.took()) == 0 {
							t.Errorf("%q: sent", answer)
						}
					}
					hangUp()
					for _, m := range r.took() {
						t.Errorf("%q: took %q", answer, m)
					}
					if strings.Contains(strings.Join(r.ran, " "), "evil") {
						t.Errorf("%q: ran %q", answer, r.ran)
					}
				}
			}
		}
	}
}

// With NoChunking there is no BDAT, and binary content is an error that says why.
func TestNoChunking(t *testing.T) {
	r := with(all...)
	c, hangUp := dialRelay(t, r, &smtpconn.Options{NoChunking: true})
	defer hangUp()
	_, err := c.Send(t.Context(), binary(), strings.NewReader("x"))
	var missing *smtpconn.ExtensionError
	if !errors.As(err, &missing) || missing.Keyword != "CHUNKING" || !strings.Contains(err.Error(), "NoChunking") || r.wire() != "" {
		t.Errorf("%v, said %q", err, r.wire())
	}
}

// Content that is not as long as it says is not sent, and the connection is closed.
func TestWrongLength(t *testing.T) {
	for _, claim := range []int{100, 60000, 40000} {
		r := with(all...)
		c, hangUp := dialRelay(t, r, nil)
		_, err := c.Send(t.Context(), binary(), &liar{strings.NewReader(strings.Repeat("x", 50000)), claim})
		if got := asResult(nil, err).err; got.Outcome != smtpconn.NotSent || !got.MessageAtFault() || c.Check() == nil {
			t.Errorf("%d: %v", claim, err)
		}
		hangUp()
		if len(r.took()) != 0 {
			t.Errorf("%d: taken", claim)
		}
	}
}

// Content that fails where it should end is not whole, whatever length it said.
func TestFailsAtItsEnd(t *testing.T) {
	broken := errors.New("broken")
	for _, size := range []int{1, 100, 50000} {
		r := with(all...)
		c, hangUp := dialRelay(t, r, nil)
		content := &liar{io.MultiReader(strings.NewReader(strings.Repeat("x", size)), iotest.ErrReader(broken)), size}
		_, err := c.Send(t.Context(), binary(), content)
		if got := asResult(nil, err).err; got.Outcome != smtpconn.NotSent || !errors.Is(err, broken) {
			t.Errorf("%d: %v", size, err)
		}
		hangUp()
		if len(r.took()) != 0 {
			t.Errorf("%d: taken", size)
		}
	}
}

// liar says a length that is not its own.
type liar struct {
	io.Reader
	claim int
}

func (l *liar) Len() int { return l.claim }
