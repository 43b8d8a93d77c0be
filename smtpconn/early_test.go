package smtpconn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/internal/test/papers"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// sayEarly says words where no reply is due, in a segment of their own, and
// returns when they have arrived.
func (r *relay) sayEarly(words string) {
	io.WriteString(r.conn, words)
	synctest.Wait()
}

// interrupted yields the messages and calls f before the nth, or before the end.
func interrupted(list []smtpconn.Message, n int, f func()) iter.Seq[smtpconn.Message] {
	return func(yield func(smtpconn.Message) bool) {
		for i := range len(list) + 1 {
			if i == n {
				f()
			}
			if i == len(list) || !yield(list[i]) {
				return
			}
		}
	}
}

// refuseAt makes the relay refuse the nth command, and say extra right behind
// the reply to the kth.
func refuseAt(n, k int, extra string) func(i int, command, usual string) string {
	return func(i int, command, usual string) string {
		if i == n {
			usual = "554 5.7.1 no"
		}
		if i == k {
			usual += "\r\n" + extra
		}
		return usual
	}
}

var earlyWords = []string{"250 2.0.0 ok\r\n", "354 go\r\n", "450 4.0.0 later\r\n", "554 5.0.0 no\r\n", "421 4.3.2 going\r\n", "25"}

// A server that says a reply too many: wherever it does, and whatever it refuses
// then, no message is sent that it did not commit.
func TestFaultMatrixEarlyReply(t *testing.T) {
	runs := 0
	for _, d := range dialogues {
		_, _, commands := d.healthy(t)
		count, n := map[string]int{}, 0
		play := func(about string, r *relay, hook int, words string) {
			n++
			synctest.Test(t, func(t *testing.T) {
				d.playSeq(t, r, about, count, func(list []smtpconn.Message) iter.Seq[smtpconn.Message] {
					return interrupted(list, hook, func() { r.sayEarly(words) })
				})
			})
		}
		for refused := -1; refused < commands; refused++ {
			for k := range commands {
				r := &relay{answer: refuseAt(refused, k, "250 2.0.0 ok")}
				play(fmt.Sprintf("%d refused, one too many behind %d", refused, k), r, -1, "")
			}
			for hook := range 3 {
				for _, words := range earlyWords {
					r := &relay{answer: refuseAt(refused, -1, "")}
					play(fmt.Sprintf("%d refused, %q before message %d", refused, words, hook), r, hook, words)
				}
			}
		}
		runs += n
		t.Logf("%s: %d runs: %v", d.name, n, count)
		if count["not sent, not committed"] == 0 || count["sent, not committed"] != 0 {
			t.Errorf("%s: %v", d.name, count)
		}
	}
	papers.Says(t, "SECURITY.md", "%d with a reply too many", runs)
}

// What is said before the first byte of the terminator is written is not the
// reply to it: neither before the content, nor in the middle of one that takes
// several writes.
func TestEarlyReplyToContent(t *testing.T) {
	for name, where := range map[string]int{"between groups": 0, "in the first write": 1000, "behind some": 100000} {
		for _, extensions := range [][]string{{"PIPELINING"}, nil, all} {
			synctest.Test(t, func(t *testing.T) {
				r := with(extensions...)
				r.answer = func(_ int, command, usual string) string {
					if command == "." || command == "LAST" {
						return "554 5.7.1 no"
					}
					return usual
				}
				c, hangUp := dialRelay(t, r, nil)
				defer hangUp()
				text := strings.Repeat("0123456789\r\n", 20000)
				content := io.MultiReader(strings.NewReader(text[:where]), &reader{f: func() { r.sayEarly("250 2.0.0 queued\r\n") }}, strings.NewReader(text[where:]))
				_, err := c.Send(t.Context(), envelope(), content)
				if !errors.Is(err, policy.ErrInjected) || asResult(nil, err).err.Outcome != smtpconn.NotSent {
					t.Errorf("%s, %q: %v", name, extensions, err)
				}
			})
		}
	}
}

// reader calls f when it is read, and has nothing.
type reader struct{ f func() }

func (r *reader) Read([]byte) (int, error) { r.f(); return 0, io.EOF }

// An idle session is over when the server speaks or hangs up, whatever is
// called next, and nothing more is said.
func TestIdle(t *testing.T) {
	taken := 0 // of the messages to send
	counted := func(yield func(smtpconn.Message) bool) {
		for m := range repeated(2) {
			if taken++; !yield(m) {
				return
			}
		}
	}
	for words, want := range map[string]error{"250 2.0.0 ok\r\n": policy.ErrInjected, "421 4.3.2 going\r\n": io.EOF, "": io.EOF} {
		for name, use := range map[string]func(ctx context.Context, c *smtpconn.Client) error{
			"Check": func(_ context.Context, c *smtpconn.Client) error { return c.Check() },
			"Send": func(ctx context.Context, c *smtpconn.Client) error {
				_, err := c.Send(ctx, envelope(), strings.NewReader(note))
				return err
			},
			"SendEach": func(ctx context.Context, c *smtpconn.Client) error {
				return results(c.SendEach(ctx, counted))[0].err
			},
			"Mail": func(_ context.Context, c *smtpconn.Client) error { return c.Mail("a@mail.test", nil) },
		} {
			synctest.Test(t, func(t *testing.T) {
				r := with(all...)
				c, hangUp := dialRelay(t, r, nil)
				defer hangUp()
				if _, err := c.Send(t.Context(), envelope(), strings.NewReader(note)); err != nil || c.Check() != nil {
					t.Fatal(err, c.Check())
				}
				said := r.wire()
				if r.sayEarly(words); words == "" {
					r.conn.Close()
					synctest.Wait()
				}
				ended := name == "Mail" && want == io.EOF // which the library is left to find
				if err := use(t.Context(), c); err == nil || !ended && (!errors.Is(err, want) || r.wire() != said) {
					t.Errorf("%s behind %q: %v, said %q", name, words, err, r.wire()[len(said):])
				}
				if taken > 0 {
					t.Errorf("behind %q: a message was taken", words)
				}
			})
		}
	}
}

// The wrapped client's own commands wait for each reply, and take no other for
// it.
func TestEarlyReplyToTheLibrary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := with(all...)
		r.answer = func(_ int, command, usual string) string {
			if command == "." {
				return "554 5.7.1 no"
			}
			return usual
		}
		c, hangUp := dialRelay(t, r, nil)
		defer hangUp()
		err := c.SendMail("a@mail.test", []string{"b@mail.test"}, io.MultiReader(strings.NewReader(note), &reader{f: func() { r.sayEarly("250 2.0.0 queued\r\n") }}))
		if !errors.Is(err, policy.ErrInjected) || len(r.took()) != 0 {
			t.Errorf("%v, took %d", err, len(r.took()))
		}
	})
}

// Inside TLS words are told from TLS's own messages, and seen as soon.
func TestEarlyReplyInsideTLS(t *testing.T) {
	lines := inside("C: EHLO *\nS: 250-x\nS: 250 PIPELINING\nC: NOOP\nS: 250 ok\nS: 250 ok")
	c, session, err := open(t, scripttest.New(t), policy.ImplicitTLS, lines, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Noop(); err != nil {
		t.Fatal(err)
	}
	for c.Check() == nil && t.Context().Err() == nil {
		runtime.Gosched()
	}
	_, err = c.Send(t.Context(), envelope(), strings.NewReader(note))
	if !errors.Is(err, policy.ErrInjected) || asResult(nil, err).err.Outcome != smtpconn.NotSent {
		t.Error(err)
	}
	if _, said := closed(c, session); strings.Contains(said, "MAIL") {
		t.Errorf("said %q", said)
	}
}

// While no reply is due nothing is timed: a caller may take as long as it likes
// for the next message.
func TestSlowCaller(t *testing.T) {
	for _, extensions := range [][]string{all, nil} {
		synctest.Test(t, func(t *testing.T) {
			c, hangUp := dialRelay(t, with(extensions...), nil)
			defer hangUp()
			list := []smtpconn.Message{message(note), message(note), message(note)}
			for i, res := range results(c.SendEach(t.Context(), interrupted(list, 2, func() { time.Sleep(time.Hour) }))) {
				if res.err != nil {
					t.Errorf("message %d: %v", i, res.err)
				}
			}
			time.Sleep(time.Hour)
			if _, err := c.Send(t.Context(), envelope(), strings.NewReader(note)); err != nil || c.Err() != nil {
				t.Error(err, c.Err())
			}
		})
	}
}

// A server that reads the rest of a refused message as commands answers those
// when RSET is due, and has the next message's replies one behind. It gets none.
func TestOutOfStepBehindARefusedChunk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := with(all...)
		r.answer = func(_ int, command, usual string) string {
			switch {
			case strings.HasPrefix(command, "BDAT"):
				return "552 5.3.4 too large"
			case command == "RSET":
				return "500 5.5.1 what?" // and RSET's own answer comes later
			}
			return usual
		}
		c, hangUp := dialRelay(t, r, nil)
		defer hangUp()
		_, err := c.Send(t.Context(), binary(), hidden(strings.Repeat("0123456789\r\n", 5000)))
		if got := asResult(nil, err).err; got.Outcome != smtpconn.Refused || got.Reply == nil || got.Reply.Code != 552 {
			t.Errorf("the large one: %v", err)
		}
		r.answer = nil
		_, err = c.Send(t.Context(), envelope(), strings.NewReader(note))
		if asResult(nil, err).err.Outcome != smtpconn.NotSent || c.Check() == nil {
			t.Errorf("the next one: %v, %v", err, c.Check())
		}
	})
}
