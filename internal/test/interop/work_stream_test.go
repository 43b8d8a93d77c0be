package interop

import (
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// TestStream sends a hundred messages, of which every tenth is refused, as fast
// as each server's own PIPELINING and CHUNKING allow.
func TestStream(t *testing.T) {
	for _, name := range senders {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := servers.New(t)
			c := newClient(t, lab, starts[name](lab), servers.Alice)
			c.onebyone = name == "dovecot" // see TestStreamIntoPanic
			s := must(c.smtp(policy.Submission, policy.ImplicitTLS))(t)
			defer s.Close()
			i := 0
			for r, err := range s.SendEach(t.Context(), hundred(name != "dovecot")) {
				want := "taken"
				if name != "dovecot" && i%10 == 0 {
					want = "refused:rcpt-550"
				}
				if got := sent(r, err); got != want {
					t.Errorf("message %d: %s, want %s", i, got, want)
				}
				i++
			}
			if i != 100 {
				t.Errorf("%d results", i)
			}
			if err := s.Quit(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestStreamIntoPanic streams into Dovecot's submission, which lists PIPELINING
// and dies of an envelope that comes after a message, after it has passed the
// message on. That must not be called "not sent".
func TestStreamIntoPanic(t *testing.T) {
	t.Parallel()
	lab := servers.New(t)
	s := must(newClient(t, lab, lab.Dovecot(), servers.Alice).smtp(policy.Submission, policy.ImplicitTLS))(t)
	defer s.Close()
	var got []string
	for r, err := range s.SendEach(t.Context(), hundred(false)) {
		got = append(got, sent(r, err))
	}
	if want := []string{"in-doubt:closed", "not-sent:closed,temporary"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// hundred yields messages; every tenth without a recipient that exists if some are to be refused, and
// every seventh too long for one group with others.
func hundred(refused bool) iter.Seq[smtpconn.Message] {
	return func(yield func(smtpconn.Message) bool) {
		for i := range 100 {
			e, text := to("somebody@example.test"), letter(fmt.Sprint("number ", i))
			if refused && i%10 == 0 {
				e = to(servers.Gone)
			}
			if i%7 == 0 {
				text = long(40 << 10)
			}
			if !yield(smtpconn.Message{Envelope: e, Content: content(text)}) {
				return
			}
		}
	}
}
