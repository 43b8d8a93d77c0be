package upgrade_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/upgrade"
	"github.com/mailconn/mailconn/policy"
)

// decisions is the whole of Decide, written out: a row for every event, a
// column for every policy. "fail X" ends with the reason policy.ErrX.
const decisions = `
event            protocols   unset       no-tls          implicit        opportunistic     required          9
Connected        all         fail Unset  greet           handshake       greet             greet             fail Unset
Secured          all         fail Unset  fail Malformed  greet           settle            settle            fail Unset
Greeted          imap pop3   fail Unset  settle          settle          ask               demand            fail Unset
Greeted          smtp subm   fail Unset  settle          settle          ask               ask               fail Unset
Preauth          all         fail Unset  settle          settle          fail Preauth      fail Preauth      fail Unset
Offered          all         fail Unset  fail Malformed  fail Malformed  demand            demand            fail Unset
NotOffered       all         fail Unset  fail Malformed  fail Malformed  settle-clear      demand            fail Unset
NoExtensions     all         fail Unset  fail Malformed  fail Malformed  settle-clear      fail NotOffered   fail Unset
ListRefused      all         fail Unset  fail Malformed  fail Malformed  fail Refused      fail NotOffered   fail Unset
Accepted         all         fail Unset  fail Malformed  fail Malformed  handshake         handshake         fail Unset
RefusedListed    all         fail Unset  fail Malformed  fail Malformed  fail Refused      fail Refused      fail Unset
RefusedUnlisted  all         fail Unset  fail Malformed  fail Malformed  fail NotOffered   fail NotOffered   fail Unset
RefusedUnknown   all         fail Unset  fail Malformed  fail Malformed  fail Refused      fail Refused      fail Unset
beyond           all         fail Unset  fail Malformed  fail Malformed  fail Malformed    fail Malformed    fail Unset
`

var (
	events = map[string]upgrade.Event{
		"Connected": upgrade.Connected, "Secured": upgrade.Secured, "Greeted": upgrade.Greeted, "Preauth": upgrade.Preauth,
		"Offered": upgrade.Offered, "NotOffered": upgrade.NotOffered, "NoExtensions": upgrade.NoExtensions,
		"ListRefused": upgrade.ListRefused, "Accepted": upgrade.Accepted, "RefusedListed": upgrade.RefusedListed,
		"RefusedUnlisted": upgrade.RefusedUnlisted, "RefusedUnknown": upgrade.RefusedUnknown, "beyond": upgrade.NumEvents,
	}
	actions = map[string]upgrade.Action{
		"greet": upgrade.Greet, "ask": upgrade.Ask, "demand": upgrade.Demand, "handshake": upgrade.Handshake,
		"settle": upgrade.Settle, "settle-clear": upgrade.SettleInTheClear,
	}
	reasons = map[string]error{
		"Unset": policy.ErrUnset, "Malformed": policy.ErrMalformed, "Preauth": policy.ErrPreauth,
		"NotOffered": policy.ErrNotOffered, "Refused": policy.ErrRefused,
	}
	protocols = map[string][]policy.Protocol{
		"all":       {policy.IMAP, policy.POP3, policy.Submission, policy.SMTP},
		"imap pop3": {policy.IMAP, policy.POP3},
		"smtp subm": {policy.Submission, policy.SMTP},
	}
	columns = []policy.Policy{0, policy.NoTLS, policy.ImplicitTLS, policy.OpportunisticSTARTTLS, policy.RequiredSTARTTLS, 9}
)

// cells takes a row apart; two blanks or more stand between cells.
func cells(row string) []string {
	var list []string
	for cell := range strings.SplitSeq(row, "  ") {
		if cell = strings.TrimSpace(cell); cell != "" {
			list = append(list, cell)
		}
	}
	return list
}

func TestDecide(t *testing.T) {
	type key struct {
		p     policy.Policy
		proto policy.Protocol
		e     upgrade.Event
	}
	seen := map[key]bool{}
	for row := range strings.SplitSeq(strings.TrimSpace(decisions), "\n") {
		c := cells(row)
		if c[0] == "event" {
			continue
		}
		e, ok := events[c[0]]
		if !ok || len(c) != 2+len(columns) || protocols[c[1]] == nil {
			t.Fatalf("row %q", row)
		}
		for i, p := range columns {
			for _, proto := range protocols[c[1]] {
				seen[key{p, proto, e}] = true
				want := c[2+i]
				action, err := upgrade.Decide(p, proto, e)
				if name, fails := strings.CutPrefix(want, "fail "); fails {
					if reason := reasons[name]; action != upgrade.Fail || reason == nil || !errors.Is(err, reason) {
						t.Errorf("%v %v %s: action %d, %v; want %s", p, proto, c[0], action, err, want)
					}
				} else if wanted, ok := actions[want]; !ok || action != wanted || err != nil {
					t.Errorf("%v %v %s: action %d, %v; want %s", p, proto, c[0], action, err, want)
				}
			}
		}
	}
	if want := len(columns) * 4 * (int(upgrade.NumEvents) + 1); len(seen) != want {
		t.Errorf("the table has %d cells, want %d", len(seen), want)
	}
}

// Whatever happens, under a policy that demands TLS no decision leads past it.
func TestDecideNeverStaysInTheClear(t *testing.T) {
	for p := range policy.Policy(255) {
		for _, proto := range protocols["all"] {
			for e := range upgrade.NumEvents {
				action, _ := upgrade.Decide(p, proto, e)
				if action == upgrade.SettleInTheClear && p != policy.OpportunisticSTARTTLS {
					t.Errorf("%v %v %d stays in the clear", p, proto, e)
				}
				if action == upgrade.Settle && p.STARTTLS() && e != upgrade.Secured {
					t.Errorf("%v %v %d settles without TLS", p, proto, e)
				}
				if p == policy.NoTLS && (action == upgrade.Demand || action == upgrade.Handshake) {
					t.Errorf("%v %v %d begins TLS", p, proto, e)
				}
			}
		}
	}
}
