package attacks_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// tally counts plays by class of attack and by what they ended in.
type tally map[string]map[string]int

var outcomes = []string{"refused", "verified TLS", "downgrade", "no-tls"}

func (t tally) add(name string, got result) {
	outcome := "no-tls"
	switch s := got.security; {
	case got.err != nil:
		outcome = "refused"
	case s.Encrypted():
		outcome = "verified TLS"
	case s.Downgrade != nil:
		outcome = "downgrade"
	}
	class, _, _ := strings.Cut(name, "-")
	for _, row := range []string{class, "~ all"} { // sorts after the others
		if t[row] == nil {
			t[row] = map[string]int{}
		}
		t[row][outcome]++
	}
}

func (t tally) total() (n int) {
	for _, count := range t["~ all"] {
		n += count
	}
	return n
}

// String returns the tally as a table.
func (t tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-12s", "class")
	for _, o := range outcomes {
		fmt.Fprintf(&b, "%14s", o)
	}
	for _, class := range slices.Sorted(maps.Keys(t)) {
		fmt.Fprintf(&b, "\n%-12s", class)
		for _, o := range outcomes {
			fmt.Fprintf(&b, "%14d", t[class][o])
		}
	}
	return b.String()
}
