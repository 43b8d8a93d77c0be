package smtpconn_test

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/test/papers"
	"github.com/mailconn/mailconn/smtpconn"
)

// dialogue is two messages to two recipients each, in one of the ways to send
// them.
type dialogue struct {
	name       string
	extensions []string
	body       smtp.BodyType
	all        bool
	options    smtpconn.Options
}

var dialogues = []dialogue{
	{name: "pipelined DATA", extensions: []string{"PIPELINING"}},
	{name: "pipelined BDAT", extensions: all, body: smtp.BodyBinaryMIME},
	{name: "all or none", extensions: []string{"PIPELINING"}, all: true},
	{name: "lock-step DATA", extensions: nil},
	{name: "lock-step BDAT", extensions: all, body: smtp.BodyBinaryMIME, options: smtpconn.Options{NoPipelining: true}},
}

func (d dialogue) messages() []smtpconn.Message {
	var list []smtpconn.Message
	for i := range 2 {
		m := message(fmt.Sprintf("message %d\r\n.\r\nend\r\n", i), fmt.Sprintf("r%d@mail.test", i), fmt.Sprintf("s%d@mail.test", i))
		m.Partial = !d.all
		if d.body != "" {
			m.Mail = &smtp.MailOptions{Body: d.body}
		}
		list = append(list, m)
	}
	return list
}

// play plays the dialogue with a relay and checks that each outcome is what
// the relay did.
func (d dialogue) play(t *testing.T, r *relay, about string, count map[string]int) {
	t.Helper()
	d.playSeq(t, r, about, count, slices.Values[[]smtpconn.Message])
}

// playSeq is play with the sequence that messages makes of the list.
func (d dialogue) playSeq(t *testing.T, r *relay, about string, count map[string]int, messages func([]smtpconn.Message) iter.Seq[smtpconn.Message]) {
	t.Helper()
	r.extensions = d.extensions
	c, hangUp := dialRelay(t, r, &d.options)
	if r.fault != nil {
		r.fault.arm()
	}
	list := d.messages()
	got := results(c.SendEach(t.Context(), messages(list)))
	if r.fault != nil && r.fault.stall != nil {
		close(r.fault.stall)
	}
	hangUp()
	d.audit(t, r, about, list, got, count)
}

// audit checks that each outcome is what the relay did.
func (d dialogue) audit(t *testing.T, r *relay, about string, list []smtpconn.Message, got []result, count map[string]int) {
	t.Helper()
	if len(got) == 0 || len(got) > len(list) {
		t.Errorf("%s: %s: %d results", d.name, about, len(got))
	}
	for i := range list {
		committed := ""
		for _, m := range r.took() {
			if strings.HasPrefix(m.body, fmt.Sprintf("message %d\r\n", i)) {
				committed += strings.Join(m.to, " ")
			}
		}
		outcome := "not taken from the sequence"
		if i < len(got) {
			outcome = got[i].outcome()
		}
		count[outcome+", "+map[bool]string{true: "committed", false: "not committed"}[committed != ""]]++
		ok := (outcome == "sent") == (committed != "")
		if outcome == "sent" {
			ok = committed == strings.Join(got[i].receipt.Accepted, " ")
		}
		if !ok && outcome != smtpconn.InDoubt.Error() {
			t.Errorf("%s: %s: message %d %s (%v), committed for %q\n%q", d.name, about, i, outcome, got, committed, r.wire())
		}
	}
}

func (r result) outcome() string {
	if r.err == nil {
		return "sent"
	}
	return r.err.Outcome.Error()
}

// healthy plays the dialogue without a fault, and returns how many bytes and
// commands there are in it.
func (d dialogue) healthy(t *testing.T) (said, answered, commands int) {
	r := &relay{extensions: d.extensions, fault: &fault{reads: -1, writes: -1}}
	c, hangUp := dialRelay(t, r, &d.options)
	r.fault.arm()
	results(c.SendEach(t.Context(), slices.Values(d.messages())))
	hangUp()
	return r.fault.read, r.fault.written, r.commands
}

// Whatever a server does, and wherever: what it took is never "not sent" or
// "refused", and what it did not take is never "sent".
func TestFaultMatrix(t *testing.T) {
	runs := 0
	for _, d := range dialogues {
		said, answered, commands := d.healthy(t)
		for _, stalls := range []bool{false, true} {
			count, n := map[string]int{}, 0
			at := func(f *fault, about string) {
				n++
				synctest.Test(t, func(t *testing.T) {
					if stalls {
						f.stall = make(chan struct{})
					}
					d.play(t, &relay{fault: f}, about, count)
				})
			}
			for i := range said {
				at(&fault{reads: i, writes: -1}, fmt.Sprint("what it hears ends at byte ", i))
			}
			for i := range answered {
				at(&fault{reads: -1, writes: i}, fmt.Sprint("what it says ends at byte ", i))
			}
			runs += n
			t.Logf("%s, %s: %d runs: %v", d.name, map[bool]string{true: "stalled", false: "cut"}[stalls], n, count)
			if count["sent, committed"] == 0 || count["not sent, not committed"] == 0 || count["in doubt, committed"] == 0 {
				t.Errorf("%s: %v", d.name, count)
			}
		}
		count, n := map[string]int{}, 0
		for _, reply := range []string{"421 4.3.2 going", "451 4.3.0 later", "550 5.7.1 no", "299 what", "354 what", "999 what", "250"} {
			for i := range commands {
				n++
				r := &relay{answer: func(k int, _, usual string) string {
					if k == i {
						return reply
					}
					return usual
				}}
				synctest.Test(t, func(t *testing.T) { d.play(t, r, fmt.Sprintf("command %d: %s", i, reply), count) })
			}
		}
		runs += n
		t.Logf("%s, answers: %d runs: %v", d.name, n, count)
	}
	papers.Says(t, "SECURITY.md", "%d runs", runs)
}

// A cut after which the server's last words can still be read.
func TestReplyBehindAFailedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := with("PIPELINING")
		r.answer = func(_ int, command, usual string) string {
			if command == "." {
				return usual + "\r\n421 4.3.2 going"
			}
			return usual
		}
		c, hangUp := dialRelay(t, r, nil)
		got := results(c.SendEach(t.Context(), repeated(2)))
		hangUp()
		if len(got) != 2 || got[0].err != nil || got[1].err == nil || got[1].err.Outcome != smtpconn.NotSent || got[1].err.Reply == nil || got[1].err.Reply.Code != 421 {
			t.Errorf("%+v", got)
		}
	})
}

var _ io.Reader = (*fault)(nil)
