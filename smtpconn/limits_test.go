package smtpconn_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/smtpconn"
)

// What is malformed or unknown in LIMITS is no limit (RFC 9422 §3).
func TestLimits(t *testing.T) {
	for list, want := range map[string]smtpconn.Limits{
		"":                                    {},
		"LIMITS":                              {},
		"LIMITS RCPTMAX=20 MAILMAX=5":         {Messages: 5, Recipients: 20},
		"limits rcptdomainmax=1":              {Domains: 1},
		"LIMITS MAILMAX=999999 X=1 RCPTMAX=2": {Messages: 999999, Recipients: 2},
		"LIMITS MAILMAX=0 RCPTMAX=-1 RCPTDOMAINMAX=":         {},
		"LIMITS MAILMAX=1000000 RCPTMAX=01 RCPTDOMAINMAX=1x": {},
	} {
		c, hangUp := dialRelay(t, with("PIPELINING", list), nil)
		if got := c.Limits(); got != want {
			t.Errorf("%q: %+v", list, got)
		}
		hangUp()
	}
}

// A message beyond a limit is not sent, and those that are within arrive. What
// another session might take is temporary.
func TestLimitsAreKept(t *testing.T) {
	type letter struct {
		to        []string
		sent      bool
		temporary bool
	}
	one, two := []string{"a@x.test"}, []string{"a@x.test", "b@X.TEST"}
	for limits, list := range map[string][]letter{
		"RCPTMAX=1":         {{to: one, sent: true}, {to: two}, {to: one, sent: true}},
		"RCPTMAX=2":         {{to: two, sent: true}},
		"MAILMAX=2":         {{to: one, sent: true}, {to: []string{"no@x.test"}}, {to: two, temporary: true}, {to: one, temporary: true}},
		"RCPTDOMAINMAX=1":   {{to: two, sent: true}, {to: []string{"a@y.test"}, temporary: true}, {to: []string{"a@x.test", "a@y.test"}}, {to: one, sent: true}},
		"RCPTDOMAINMAX=2":   {{to: one, sent: true}, {to: []string{"a@y.test"}, sent: true}, {to: []string{"a@z.test"}, temporary: true}},
		"RCPTMAX=x FUTURE=": {{to: two, sent: true}},
	} {
		r := with("PIPELINING", "LIMITS "+limits)
		r.answer = func(_ int, command, usual string) string {
			if strings.HasPrefix(command, "RCPT TO:<no") {
				return "550 5.1.1 no"
			}
			return usual
		}
		c, hangUp := dialRelay(t, r, nil)
		var messages []smtpconn.Message
		for _, l := range list {
			messages = append(messages, message(note, l.to...))
		}
		for i, res := range results(c.SendEach(t.Context(), slices.Values(messages))) {
			refused := list[i].to[0] == "no@x.test"
			if list[i].sent != (res.err == nil) {
				t.Errorf("%s: message %d: %v", limits, i, res.err)
			} else if !list[i].sent && !refused && (!errors.Is(res.err, smtpconn.ErrServerLimits) || res.err.Outcome != smtpconn.NotSent || res.err.Temporary() != list[i].temporary) {
				t.Errorf("%s: message %d: %v", limits, i, res.err)
			}
		}
		said := strings.Count(r.wire(), "MAIL FROM")
		if want := len(slices.DeleteFunc(list, func(l letter) bool { return !l.sent && l.to[0] != "no@x.test" })); said != want {
			t.Errorf("%s: MAIL said %d times, want %d", limits, said, want)
		}
		hangUp()
	}
}
