package numset_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mailconn/mailconn/imapconn/internal/numset"
)

func TestParseRange(t *testing.T) {
	for text, want := range map[string]numset.Range{
		"1": {Low: 1, High: 1}, "2:5": {Low: 2, High: 5}, "7:*": {Low: 7, High: math.MaxUint32},
		"4294967295": {Low: math.MaxUint32, High: math.MaxUint32}, "5:2": {Low: 5, High: 2},
	} {
		if r, ok := numset.ParseRange([]byte(text)); !ok || r != want {
			t.Errorf("%q is %v, %v", text, r, ok)
		}
	}
	for _, text := range []string{"", "*", "*:3", "$", "a", "-1", "+1", "1:", ":1", "1:x", "1:2:3", " 1", "4294967296", "1:4294967296"} {
		if r, ok := numset.ParseRange([]byte(text)); ok {
			t.Errorf("%q is %v", text, r)
		}
	}
}

// What a command asks for is in the set, and nothing else.
func TestAppend(t *testing.T) {
	s := numset.Append(nil, []byte("2,4:6,*,$,9:*"))
	for n, want := range map[uint32]bool{0: false, 1: false, 2: true, 3: false, 4: true, 6: true, 7: false, 8: false, 9: true, math.MaxUint32: true} {
		if s.Contains(n) != want {
			t.Errorf("%d is in %v: %v", n, s, !want)
		}
	}
	if numset.Set(nil).Contains(1) {
		t.Error("1 is in the empty set")
	}
}

// A set that numbers are added to in any order has these, in ranges that rise and do not
// touch.
func TestAdd(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var s numset.Set
		has := map[uint32]bool{}
		for range 60 {
			n := 1 + r.Uint32N(80)
			if r.IntN(20) == 0 {
				n = math.MaxUint32 - r.Uint32N(2)
			}
			if !s.Contains(n) {
				s.Add(n)
			}
			has[n] = true
		}
		if s.Count() != uint64(len(has)) || !slices.Equal(s, slices.Clone(s).Normal()) {
			t.Fatalf("%v has not %d numbers, or has ranges that touch", s, len(has))
		}
		for n := range has {
			if !s.Contains(n) {
				t.Fatalf("%d is not in %v", n, s)
			}
		}
	}
}

func TestNormal(t *testing.T) {
	for _, test := range []struct{ set, want string }{
		{"", ""}, {"5,1", "1,5"}, {"1:3,4:6", "1:6"}, {"1:9,3:4", "1:9"}, {"4:6,1:4", "1:6"}, {"1,3", "1,3"},
		{"3:*,1:2", "1:*"}, {"4294967295,4294967294", "4294967294:*"}, {"4294967295,4294967295", "4294967295:*"},
	} {
		if got := string(numset.Append(nil, []byte(test.set)).Normal().AppendText(nil)); got != test.want {
			t.Errorf("%q is %q, want %q", test.set, got, test.want)
		}
	}
}
