package upgrade_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/protocols"
	"github.com/mailconn/mailconn/internal/test/papers"
	"github.com/mailconn/mailconn/internal/upgrade"
	"github.com/mailconn/mailconn/policy"
)

// decisions is Decide as a table: a row for every event, a column for every policy,
// and under OpportunisticSTARTTLS one more for a server that is remembered with TLS
// and one for a store that failed. "fail X" means Fail with the reason policy.ErrX.
const decisions = `
event            protocols   unset       no-tls          implicit        opportunistic     had TLS           unreadable        required          9
Connected        all         fail Unset  greet           handshake       greet             greet             greet             greet             fail Unset
Secured          all         fail Unset  fail Malformed  greet           settle            settle            settle            settle            fail Unset
Greeted          list later  fail Unset  settle          settle          ask               demand            ask               demand            fail Unset
Greeted          list first  fail Unset  settle          settle          ask               ask               ask               ask               fail Unset
Preauth          all         fail Unset  settle          settle          fail Preauth      fail Preauth      fail Preauth      fail Preauth      fail Unset
Offered          all         fail Unset  fail Malformed  fail Malformed  demand            demand            demand            demand            fail Unset
NotOffered       all         fail Unset  fail Malformed  fail Malformed  settle-clear      demand            fail Memory       demand            fail Unset
NoList           all         fail Unset  fail Malformed  fail Malformed  settle-clear      fail Remembered   fail Memory       fail NotOffered   fail Unset
ListRefused      all         fail Unset  fail Malformed  fail Malformed  fail Refused      fail Refused      fail Refused      fail Refused      fail Unset
Accepted         all         fail Unset  fail Malformed  fail Malformed  handshake         handshake         handshake         handshake         fail Unset
RefusedListed    all         fail Unset  fail Malformed  fail Malformed  fail Refused      fail Refused      fail Refused      fail Refused      fail Unset
RefusedUnlisted  all         fail Unset  fail Malformed  fail Malformed  fail NotOffered   fail Remembered   fail NotOffered   fail NotOffered   fail Unset
RefusedUnknown   all         fail Unset  fail Malformed  fail Malformed  fail Refused      fail Refused      fail Refused      fail Refused      fail Unset
beyond           all         fail Unset  fail Malformed  fail Malformed  fail Malformed    fail Malformed    fail Malformed    fail Malformed    fail Unset
`

var (
	events = map[string]upgrade.Event{
		"Connected": upgrade.Connected, "Secured": upgrade.Secured, "Greeted": upgrade.Greeted, "Preauth": upgrade.Preauth,
		"Offered": upgrade.Offered, "NotOffered": upgrade.NotOffered, "NoList": upgrade.NoList,
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
		"Remembered": policy.ErrRemembered, "Memory": policy.ErrMemory,
	}
	// spoken has the protocols that a row is for.
	spoken = map[string][]policy.Protocol{
		"all":        {policy.IMAP, policy.POP3, policy.Submission, policy.SMTP},
		"list later": {policy.IMAP, policy.POP3},
		"list first": {policy.Submission, policy.SMTP},
	}
	// everyPast is for the policies for which the past makes no difference.
	everyPast = []upgrade.Past{upgrade.Unknown, upgrade.HadTLS, upgrade.Unreadable}

	columns = []column{
		{0, everyPast}, {policy.NoTLS, everyPast}, {policy.ImplicitTLS, everyPast},
		{policy.OpportunisticSTARTTLS, everyPast[:1]}, {policy.OpportunisticSTARTTLS, everyPast[1:2]}, {policy.OpportunisticSTARTTLS, everyPast[2:]},
		{policy.RequiredSTARTTLS, everyPast}, {9, everyPast},
	}
)

// column is a column of the table: a policy, and the pasts that it applies to.
type column struct {
	policy policy.Policy
	pasts  []upgrade.Past
}

// key has the arguments of Decide.
type key struct {
	p     policy.Policy
	proto policy.Protocol
	past  upgrade.Past
	e     upgrade.Event
}

func (k key) decide() (upgrade.Action, error) {
	return upgrade.Decide(k.p, protocols.Of(k.proto).ListFirst, k.past, k.e)
}

// keys returns the arguments that a cell of the table stands for.
func (c column) keys(protos []policy.Protocol, e upgrade.Event) []key {
	var list []key
	for _, proto := range protos {
		for _, past := range c.pasts {
			list = append(list, key{c.policy, proto, past, e})
		}
	}
	return list
}

// cells splits a row at two or more blanks.
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
	seen := map[key]bool{}
	for row := range strings.SplitSeq(strings.TrimSpace(decisions), "\n") {
		c := cells(row)
		if c[0] == "event" {
			continue
		}
		e, ok := events[c[0]]
		if !ok || len(c) != 2+len(columns) || spoken[c[1]] == nil {
			t.Fatalf("row %q", row)
		}
		for i, col := range columns {
			for _, k := range col.keys(spoken[c[1]], e) {
				seen[k] = true
				check(t, k, c[0], c[2+i])
			}
		}
	}
	if want := 6 * len(everyPast) * 4 * (int(upgrade.NumEvents) + 1); len(seen) != want {
		t.Errorf("the table decides %d cases, want %d", len(seen), want)
	}
	papers.Says(t, "SECURITY.md", "%d decisions", len(seen))
}

// check compares a decision with a cell.
func check(t *testing.T, k key, event, want string) {
	t.Helper()
	action, err := k.decide()
	if name, fails := strings.CutPrefix(want, "fail "); fails {
		if reason := reasons[name]; action != upgrade.Fail || reason == nil || !errors.Is(err, reason) {
			t.Errorf("%v, list first %v, past %d, %s: action %d, %v; want %s", k.p, k.proto, k.past, event, action, err, want)
		}
		return
	}
	if wanted, ok := actions[want]; !ok || action != wanted || err != nil {
		t.Errorf("%v, list first %v, past %d, %s: action %d, %v; want %s", k.p, k.proto, k.past, event, action, err, want)
	}
}

// every calls f for all arguments, including values that are not a policy or a past.
func every(f func(key)) {
	for p := range policy.Policy(255) {
		for _, proto := range spoken["all"] {
			for past := range upgrade.Past(5) {
				for e := range upgrade.NumEvents {
					f(key{p, proto, past, e})
				}
			}
		}
	}
}

// No decision stays in the clear under a policy that demands TLS, nor under
// OpportunisticSTARTTLS for a server that had, or may have had, TLS before.
func TestDecideNeverStaysInTheClear(t *testing.T) {
	every(func(k key) {
		action, _ := k.decide()
		if action == upgrade.SettleInTheClear && (k.p != policy.OpportunisticSTARTTLS || k.past != upgrade.Unknown) {
			t.Errorf("%v stays in the clear", k)
		}
		if action == upgrade.Settle && k.p.STARTTLS() && k.e != upgrade.Secured {
			t.Errorf("%v settles without TLS", k)
		}
		if k.p == policy.NoTLS && (action == upgrade.Demand || action == upgrade.Handshake) {
			t.Errorf("%v begins TLS", k)
		}
	})
}

// What is remembered of a server changes a decision only to Demand or Fail.
func TestPastOnlyTightens(t *testing.T) {
	every(func(k key) {
		with, _ := k.decide()
		k.past = upgrade.Unknown
		without, _ := k.decide()
		if with != without && with != upgrade.Demand && with != upgrade.Fail {
			t.Errorf("%v: action %d turns into %d", k, without, with)
		}
	})
}
