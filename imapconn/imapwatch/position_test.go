package imapwatch_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn/imapwatch"
)

// The text of a position is short, and says all of it.
func TestPositionText(t *testing.T) {
	for want, p := range map[string]imapwatch.Position{
		"":              {},
		"7 0":           imapwatch.At(7, 0, nil),
		"7 99 1+199999": imapwatch.At(7, 99, imap.UIDSet{{Start: 1, Stop: 200_000}}),
		"4294967295 18446744073709551615 3,2+1,4294967289": imapwatch.At(1<<32-1, 1<<64-1, imap.UIDSet{{Start: 3, Stop: 3}, {Start: 5, Stop: 6}, {Start: 1<<32 - 1, Stop: 1<<32 - 1}}),
	} {
		text, err := p.MarshalText()
		if err != nil || string(text) != want {
			t.Errorf("%q, %v, want %q", text, err, want)
		}
		var again imapwatch.Position
		if err := again.UnmarshalText(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if twice, _ := again.MarshalText(); string(twice) != want || again.IsZero() != (want == "") {
			t.Errorf("%q became %q", want, twice)
		}
	}
	for _, bad := range []string{"7", "x 1", "1 x", "1 2 3 4", "1 2 0", "1 2 3,0", "1 2 ,", "1 2 3+", "1 2 +3", "1 2 -3", "1 2 4294967295,1", "4294967296 1", "1 2 4294967296"} {
		p := imapwatch.At(7, 9, nil)
		if err := p.UnmarshalText([]byte(bad)); err == nil || !p.IsZero() {
			t.Errorf("%q was read", bad)
		}
	}
}

// FuzzPosition: what can be read is written in the same way, and a set is in order.
func FuzzPosition(f *testing.F) {
	f.Add("7 99 1+199999,3,9")
	f.Fuzz(func(t *testing.T, text string) {
		var p, again imapwatch.Position
		if p.UnmarshalText([]byte(text)) != nil {
			return
		}
		written, _ := p.MarshalText()
		if err := again.UnmarshalText(written); err != nil {
			t.Fatalf("%q: %v", written, err)
		}
		if twice, _ := again.MarshalText(); string(twice) != string(written) {
			t.Errorf("%q, %q", written, twice)
		}
	})
}

// The text of a mailbox of 200,000 messages with a gap behind every other is about three
// bytes for each gap.
func TestPositionSize(t *testing.T) {
	var uids imap.UIDSet
	for uid := imap.UID(1); uid < 400_000; uid += 2 {
		uids = append(uids, imap.UIDRange{Start: uid, Stop: uid})
	}
	if text, _ := imapwatch.At(1, 1, uids).MarshalText(); len(text) > 3*len(uids) {
		t.Errorf("%d bytes for %d gaps", len(text), len(uids))
	}
}

// The functions on sets do what go-imap's would, and what a loop would.
func TestSets(t *testing.T) {
	draw := func() imap.UIDSet {
		var s imap.UIDSet
		for range rand.N(6) {
			start := 1 + rand.N(imap.UID(20))
			s = append(s, imap.UIDRange{Start: start, Stop: 1 + rand.N(imap.UID(20))})
		}
		return s
	}
	for range 5000 {
		rawA, rawB := draw(), draw()
		a, b := imapwatch.Normal(rawA), imapwatch.Normal(rawB)
		var want imap.UIDSet
		for uid := imap.UID(1); uid <= 20; uid++ {
			within := func(r imap.UIDRange) bool { return min(r.Start, r.Stop) <= uid && uid <= max(r.Start, r.Stop) }
			if slices.ContainsFunc(rawA, within) && !slices.ContainsFunc(rawB, within) {
				want.AddNum(uid)
			}
		}
		if got := imapwatch.Minus(a, b); got.String() != want.String() {
			t.Fatalf("%v without %v is %v, want %v", rawA, rawB, got, want)
		}
		nums, _ := want.Nums()
		for i := range uint32(25) {
			n := imapwatch.Nth(want, i)
			if i == 0 || int(i) > len(nums) {
				if n != 0 {
					t.Fatalf("number %d of %v is %d", i, want, n)
				}
			} else if n != nums[i-1] {
				t.Fatalf("number %d of %v is %d", i, want, n)
			}
		}
	}
	whole := imap.UIDSet{{Start: 1, Stop: 1<<32 - 1}}
	if got := imapwatch.Minus(whole, imap.UIDSet{{Start: 1<<32 - 1, Stop: 1<<32 - 1}}).String(); got != "1:4294967294" {
		t.Error(got)
	}
	if got := imapwatch.Normal(imap.UIDSet{{Start: 0, Stop: 5}, {Start: 1<<32 - 2, Stop: 1<<32 - 1}, {Start: 9, Stop: 8}}).String(); !strings.HasPrefix(got, "8:9,") {
		t.Error(got)
	}
}
