package journal

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
)

const (
	first  = "AAAAAAAAAAAAAAA2"
	second = "AAAAAAAAAAAAAAA3"
	third  = "AAAAAAAAAAAAAAA4"
)

// book returns what a journal says in which one of two recipients has been accepted, and
// another message waits.
func book(t *testing.T) *Book {
	t.Helper()
	b := NewBook()
	for _, e := range []*Entry{
		put(first, "order 1", "ann@mail.test", "ben@mail.test"),
		put(second, "order 2", "cat@mail.test"),
		{Msg: first, Do: DoMark, To: []int{0, 1}, Relay: 1},
		{Msg: first, Do: DoState, Recipients: []Recipient{{State: Accepted, Attempts: 1, Relay: 1}}, Tries: 1},
		{Do: DoKept, ID: "order 0", Sum: &Digest{1}},
	} {
		if err := b.Apply(e); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func put(key, id string, to ...string) *Entry {
	return &Entry{Msg: key, Do: DoPut, ID: id, Envelope: &Envelope{To: to}, Size: 4, Sum: &Digest{}}
}

// show returns all that a book says.
func show(b *Book) string {
	var s strings.Builder
	for _, key := range []string{first, second, third} {
		if m := b.Messages[key]; m != nil {
			fmt.Fprintf(&s, "%+v %t\n", *m, b.IDs[m.ID] == m)
		}
	}
	fmt.Fprint(&s, len(b.Messages), len(b.IDs), b.Kept)
	return s.String()
}

// A line that no Outbox has written changes nothing, even if its checksum is right.
func TestOddEntries(t *testing.T) {
	with := func(e *Entry, change func(*Entry)) *Entry { change(e); return e }
	state := func(r Recipient) *Entry { return &Entry{Msg: first, Do: DoState, Recipients: []Recipient{r}} }
	failed := func(o smtpconn.Outcome) *Failure { return &Failure{Outcome: o} }
	for name, e := range map[string]*Entry{
		"no kind":                 {Msg: first},
		"another kind":            {Msg: first, Do: "send"},
		"no message":              {Msg: third, Do: DoForget},
		"kept without an id":      {Do: DoKept, Sum: &Digest{}},
		"kept without a sum":      {Do: DoKept, ID: "order 3"},
		"put without a key":       put("", "order 3", "dan@mail.test"),
		"a short key":             put(third[:15], "order 3", "dan@mail.test"),
		"a long key":              put(third+"A", "order 3", "dan@mail.test"),
		"a path as a key":         put("../../AAAAAAAAA2", "order 3", "dan@mail.test"),
		"a key in lower case":     put("aaaaaaaaaaaaaaa4", "order 3", "dan@mail.test"),
		"a key with a digit":      put("AAAAAAAAAAAAAAA9", "order 3", "dan@mail.test"),
		"a key with another":      put("AAAAAAAAAAAAAAA1", "order 3", "dan@mail.test"),
		"a key twice":             put(first, "order 3", "dan@mail.test"),
		"an id twice":             put(third, "order 1", "dan@mail.test"),
		"put without an id":       put(third, "", "dan@mail.test"),
		"put to none":             put(third, "order 3"),
		"put without an envelope": with(put(third, "order 3", "dan@mail.test"), func(e *Entry) { e.Envelope = nil }),
		"put without a sum":       with(put(third, "order 3", "dan@mail.test"), func(e *Entry) { e.Sum = nil }),
		"put of less than none":   with(put(third, "order 3", "dan@mail.test"), func(e *Entry) { e.Size = -1 }),
		"a mark for none":         {Msg: first, Do: DoMark},
		"a mark for a third":      {Msg: first, Do: DoMark, To: []int{2}},
		"a mark for less":         {Msg: first, Do: DoMark, To: []int{1, -1}},
		"a mark of no relay":      {Msg: first, Do: DoMark, To: []int{1}, Relay: -1},
		"told to a third":         {Msg: first, Do: DoTold, To: []int{0, 2}},
		"told to one that waits":  {Msg: first, Do: DoTold, To: []int{0, 1}},
		"negative tries":          {Msg: first, Do: DoState, Recipients: []Recipient{{To: 1, State: Accepted}}, Tries: -1},
		"state of a third":        state(Recipient{To: 2, State: Accepted}),
		"state of less":           state(Recipient{To: -1, State: Accepted}),
		"no state":                state(Recipient{To: 1}),
		"another state":           state(Recipient{To: 1, State: "lost"}),
		"negative attempts":       state(Recipient{To: 1, State: Accepted, Attempts: -1}),
		"a negative relay":        state(Recipient{To: 1, State: Accepted, Relay: -1}),
		"refused by none":         state(Recipient{To: 1, State: Refused}),
		"in doubt without cause":  state(Recipient{To: 1, State: InDoubt}),
		"damaged without cause":   state(Recipient{To: 1, State: Damaged}),
		"no outcome":              state(Recipient{To: 1, State: Refused, Failure: failed(0)}),
		"another outcome":         state(Recipient{To: 1, State: Refused, Failure: failed(smtpconn.InDoubt + 1)}),
		"the second is odd": {Msg: first, Do: DoState, Recipients: []Recipient{
			{To: 1, State: Accepted}, {To: 0, State: "lost"}}},
	} {
		b := book(t)
		before := show(b)
		if err := b.Apply(e); err == nil {
			t.Errorf("%s: no error", name)
		}
		if after := show(b); after != before {
			t.Errorf("%s: before\n%s\nafter\n%s", name, before, after)
		}
	}
}

// What lines change.
func TestApply(t *testing.T) {
	b := book(t)
	m := b.Messages[first]
	if m.Mark == nil || m.Mark[0] != 1 || len(m.Mark) != 1 || m.Relay != 1 || m.Tries != 1 {
		t.Errorf("%+v: the mark holds for what is not settled", m)
	}
	if m.Serial != 0 || b.Messages[second].Serial != 1 {
		t.Error("messages are not in the order of Put")
	}
	m.Recipients[1].DoubtTold = true
	at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	doubt := &Failure{Outcome: smtpconn.InDoubt}
	for _, step := range []struct {
		entry *Entry
		told  bool // that the second is in doubt
		over  bool
	}{
		{&Entry{Msg: first, Do: DoState, Recipients: []Recipient{{To: 1, State: InDoubt, Failure: doubt}}}, true, false},
		{&Entry{Msg: first, Do: DoState, Recipients: []Recipient{{To: 1, State: Waiting}}}, false, false},
		{&Entry{Msg: first, Do: DoState, Recipients: []Recipient{{To: 1, State: InDoubt, Failure: doubt}}}, false, false},
		{&Entry{Msg: first, Do: DoTold, To: []int{0}}, false, false},
		{&Entry{Msg: first, Do: DoState, Recipients: []Recipient{{To: 1, State: GivenUp}}}, false, false},
		{&Entry{Msg: first, Do: DoTold, To: []int{1}, Time: at}, false, true},
	} {
		if err := b.Apply(step.entry); err != nil {
			t.Fatal(err)
		}
		if _, kept := b.Kept["order 1"]; m.Recipients[1].DoubtTold != step.told || kept != step.over ||
			(b.Messages[first] == nil) != step.over || (b.IDs["order 1"] == nil) != step.over {
			t.Errorf("after %+v: %s", step.entry, show(b))
		}
	}
	if k := b.Kept["order 1"]; k.Over != at || k.Fingerprint != m.Envelope.Fingerprint(m.Sum) {
		t.Errorf("%+v", k)
	}
	if err := b.Apply(put(third, "order 1", "ann@mail.test")); err != nil || len(b.Kept) != 1 {
		t.Errorf("%v, %v: an id that was put again is not kept", err, b.Kept)
	}
	cancelled := &Entry{Msg: second, Do: DoState, Recipients: []Recipient{{State: Cancelled}}}
	if err := b.Apply(cancelled); err != nil || b.IDs["order 2"] != nil || len(b.Kept) != 2 {
		t.Errorf("%v: a cancelled message is not over", err)
	}
}

// A line is one only with all its bytes.
func TestParse(t *testing.T) {
	good := string(Seal([]byte(`{"n":7,"msg":"` + first + `","do":"forget"`)))
	good = good[:len(good)-1]
	if _, err := parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, line := range map[string]string{
		"no line":        "",
		"another byte":   strings.Replace(good, "forget", "forgot", 1),
		"cut":            good[:len(good)-1],
		"begun":          good[:20],
		"no checksum":    `{"n":7,"msg":"` + first + `","do":"forget"}`,
		"more behind it": good + " ",
		"another field":  seal(`{"n":7,"msg":"` + first + `","do":"forget","by":"me"`),
		"a short sum":    seal(`{"n":7,"do":"kept","id":"order 0","sha256":"00"`),
		"a long sum":     seal(`{"n":7,"do":"kept","id":"order 0","sha256":"` + strings.Repeat("0", 66) + `"`),
		"two objects":    seal(`{"n":7,"do":"forget"},{"n":8,"do":"forget"`),
		"no object":      seal(`["n"`),
	} {
		if e, err := parse([]byte(line)); err == nil {
			t.Errorf("%s: understood as %+v", name, e)
		}
	}
	long := &Entry{Do: DoKept, ID: strings.Repeat("x", maxLine), Sum: &Digest{}}
	if line, err := long.Line(7); err == nil {
		t.Errorf("a line of %d bytes", len(line))
	}
}

func seal(line string) string { return strings.TrimSuffix(string(Seal([]byte(line))), "\n") }

// Findings are bounded: the disk may have lost all of a journal.
func TestMuchDamage(t *testing.T) {
	r, err := Read(bytes.NewReader(append(sealed(journalText), bytes.Repeat([]byte("lost\n"), 2*MaxDamage)...)))
	if err != nil || len(r.Damage) != MaxDamage {
		t.Errorf("%d findings, %v", len(r.Damage), err)
	}
	if r, err = Read(strings.NewReader("")); err != nil || len(r.Damage) != 1 {
		t.Errorf("a journal without a line: %+v, %v", r, err)
	}
}

// What a damaged line may have been about is in doubt, and nothing else.
func TestDamagedLines(t *testing.T) {
	const sum = `"sha256":"0000000000000000000000000000000000000000000000000000000000000000"`
	put := func(n int, key, id string) string {
		return fmt.Sprintf(`{"n":%d,"msg":"%s","do":"put","id":"%s","envelope":{"from":"","to":["a@mail.test"]},"size":4,%s`, n, key, id, sum)
	}
	mark := func(n int, key string) string { return fmt.Sprintf(`{"n":%d,"msg":"%s","do":"mark","to":[0]`, n, key) }
	kept := func(n int) string { return fmt.Sprintf(`{"n":%d,"do":"kept","id":"order 0",%s`, n, sum) }
	const head = `{"n":1,"format":"mailconn outbox 1"`
	damage := func(line string) string { return "!" + line }
	for name, c := range map[string]struct {
		lines   []string
		doubt   string // ids of the messages in doubt
		there   int    // messages
		damaged string // ids of the damaged lines, "-" for none
	}{
		"none":                     {[]string{head, put(2, first, "one"), put(3, second, "two"), mark(4, first)}, "one", 2, ""},
		"a put, and its mark":      {[]string{head, damage(put(2, first, "one")), put(3, second, "two"), mark(4, first), kept(5)}, "", 1, "one"},
		"a put without an id":      {[]string{head, damage(strings.Replace(put(2, first, "one"), `"id"`, `"ib"`, 1)), put(3, second, "two")}, "", 1, "-"},
		"a mark of another":        {[]string{head, put(2, first, "one"), put(3, second, "two"), damage(mark(4, first)), kept(5)}, "one", 2, "one"},
		"a mark of the unknown":    {[]string{head, put(2, first, "one"), put(3, second, "two"), damage(mark(4, third)), kept(5)}, "one two", 2, "-"},
		"the same, at the end":     {[]string{head, put(2, first, "one"), put(3, second, "two"), damage(mark(4, third))}, "one two", 2, "-"},
		"only those before":        {[]string{head, put(2, first, "one"), damage(mark(3, third)), put(4, second, "two")}, "one", 2, "-"},
		"an id that is kept":       {[]string{head, put(2, first, "one"), damage(kept(3)), put(4, second, "two")}, "", 2, "-"},
		"the same at the end":      {[]string{head, put(2, first, "one"), damage(kept(3))}, "", 1, "-"},
		"kept, with a key":         {[]string{head, put(2, first, "one"), damage(`{"n":3,"msg":"` + first + `","do":"kept"`), kept(4)}, "one", 1, "one"},
		"no key, another line":     {[]string{head, put(2, first, "one"), damage(`{"n":3,"do":"mark","to":[0]`), kept(4)}, "one", 1, "-"},
		"two lines in one":         {[]string{head, put(2, first, "one"), put(3, second, "two"), damage(mark(4, first) + `,"sum":"00000000"}` + mark(5, first)), kept(6)}, "one two", 2, "-"},
		"two keys in one":          {[]string{head, put(2, first, "one"), put(3, second, "two"), damage(mark(4, first) + mark(5, second)), kept(6)}, "one two", 2, "-"},
		"a line that is missing":   {[]string{head, put(2, first, "one"), put(4, second, "two")}, "one", 2, "-"},
		"missing behind a damaged": {[]string{head, put(2, first, "one"), put(3, second, "two"), damage(mark(4, first)), kept(6)}, "one two", 2, "one -"},
		"the same line twice":      {[]string{head, put(2, first, "one"), put(3, second, "two"), mark(3, second), kept(4)}, "two", 2, "two"},
		"a head that is damaged":   {[]string{damage(head), put(2, first, "one")}, "", 1, "-"},
		"half an envelope":         {[]string{head, put(2, second, "two"), damage(`{"n":3,"msg":"` + first + `",` + sum), kept(4)}, "two", 1, "-"},
		"an envelope without sum":  {[]string{head, put(2, second, "two"), damage(`{"n":3,"msg":"` + first + `","envelope":{}`), kept(4)}, "two", 1, "-"},
	} {
		var text []byte
		for _, line := range c.lines {
			if odd, damaged := strings.CutPrefix(line, "!"); damaged {
				text = append(text, odd+`,"sum":"00000000"}`+"\n"...)
			} else {
				text = append(text, Seal([]byte(line))...)
			}
		}
		r, err := Read(bytes.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r.Book.Recover()
		var doubt, damaged []string
		for _, id := range []string{"one", "two"} {
			if m := r.Book.IDs[id]; m != nil && m.Recipients[0].State == InDoubt {
				doubt = append(doubt, id)
			}
		}
		for _, d := range r.Damage {
			damaged = append(damaged, cmp.Or(d.ID, "-"))
		}
		if strings.Join(doubt, " ") != c.doubt || len(r.Book.Messages) != c.there || strings.Join(damaged, " ") != c.damaged {
			t.Errorf("%s: in doubt %q, want %q; %d messages, want %d; damaged %q, want %q", name, doubt, c.doubt, len(r.Book.Messages), c.there, damaged, c.damaged)
		}
		if r.Size != int64(len(text)) || r.Lines != len(c.lines) {
			t.Errorf("%s: %d bytes in %d lines", name, r.Size, r.Lines)
		}
	}
}

// A message is written with its mark and its state, also while an attempt is under way.
func TestEntries(t *testing.T) {
	b := book(t)
	again := NewBook()
	for _, key := range []string{first, second} {
		for _, e := range b.Messages[key].Entries() {
			if err := again.Apply(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	again.Kept = b.Kept
	if show(again) != show(b) {
		t.Errorf("%s\nis written as\n%s", show(b), show(again))
	}
	b.Recover()
	r := b.Messages[first].Recipients
	if r[0].State != Accepted || r[1].State != InDoubt || r[1].Relay != 1 || r[1].Attempts != 1 {
		t.Errorf("%+v: want the second in doubt, of the relay of its mark", r)
	}
}
