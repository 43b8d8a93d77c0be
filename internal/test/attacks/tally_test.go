package attacks_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// tally counts what came of the plays, by class of attack.
type tally map[string]*counts

type counts struct{ cases, refused, downgrade, tls, plain int }

func (t tally) of(name string) *counts {
	class, _, _ := strings.Cut(name, "-")
	if t[class] == nil {
		t[class] = &counts{}
	}
	return t[class]
}

// add counts one play by what it ended in.
func (c *counts) add(got result) {
	switch s := got.security; {
	case got.err != nil:
		c.refused++
	case s.Encrypted():
		c.tls++
	case s.Downgrade != nil:
		c.downgrade++
	default:
		c.plain++
	}
}

func (c *counts) plays() int { return c.refused + c.downgrade + c.tls + c.plain }

func (c *counts) join(o *counts) {
	c.cases += o.cases
	c.refused += o.refused
	c.downgrade += o.downgrade
	c.tls += o.tls
	c.plain += o.plain
}

// String returns the tally as a table.
func (t tally) String() string {
	var b strings.Builder
	row := func(name string, c *counts) {
		fmt.Fprintf(&b, "%-12s %6d %7d %8d %13d %11d %7d\n", name, c.cases, c.plays(), c.refused, c.tls, c.downgrade, c.plain)
	}
	fmt.Fprintf(&b, "\n%-12s %6s %7s %8s %13s %11s %7s\n", "class", "cases", "plays", "refused", "verified TLS", "downgrade", "no-tls")
	total := &counts{}
	for _, class := range slices.Sorted(maps.Keys(t)) {
		row(class, t[class])
		total.join(t[class])
	}
	row("all", total)
	return b.String()
}
