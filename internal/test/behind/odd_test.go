package behind

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestOdd plays what real servers write. The session must live, and the program get
// what the case says: addresses, part numbers, sizes, flags.
func TestOdd(t *testing.T) {
	th := newStage(t)
	list := cases(t, "odd")
	bare := map[string]int{}
	for _, c := range list {
		t.Run(c.name, func(t *testing.T) {
			for _, s := range c.segmentations() {
				o := th.play(t, c, s)
				check(t, s.String(), o.lines, c.want)
				check(t, s.String()+", notices", o.notices, c.notices)
				if o.end != c.end {
					t.Errorf("%v: the session ends: %q, want %q", s, o.end, c.end)
				}
			}
			bare[fmt.Sprint(playBare(t, th, c))]++
		})
	}
	t.Logf("%d cases; the bare client: %v", len(list), bare)
	if len(list) < 120 {
		t.Errorf("only %d cases", len(list))
	}
}

// playBare shows what the bare client makes of a case, so that it is noticed when
// another version makes something else of it.
func playBare(t *testing.T, th *stage, c *testCase) string {
	t.Helper()
	if slices.Contains(c.bare, "crash") {
		return "crash"
	}
	o := th.playBare(t, c)
	if strings.Contains(strings.Join(o.lines, "\n"), "untyped") {
		o.lines = []string{"dies"}
	}
	if slices.Contains(o.lines, "hangs") {
		o.lines = []string{"hangs"}
	}
	want := c.bare
	if want == nil {
		want = c.want
	}
	check(t, "bare", o.lines, want)
	switch {
	case c.bare == nil:
		return "the same"
	case len(c.bare) == 1 && (c.bare[0] == "dies" || c.bare[0] == "hangs"):
		return c.bare[0]
	}
	return "something else"
}

// check compares lines. Handlers run beside commands: the order of what they hear is
// not certain.
func check(t *testing.T, what string, got, want []string) {
	t.Helper()
	if a, b := slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want)); !slices.Equal(a, b) {
		t.Errorf("%s:\n got %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}
