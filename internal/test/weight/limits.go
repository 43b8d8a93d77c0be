package main

import (
	"errors"
	"fmt"
)

// agreed is what an importer took on when somebody last looked and found it
// right.
type agreed struct {
	pkg     string
	modules int // foreign
	foreign int // lines of Go in them
	own     int // lines of Go in this module
	over    int // KiB of binary above the yardstick's
}

var limits = []agreed{
	{"net/smtp", 0, 0, 0, 0},
	{"dial/peers/sqlstore", 2, 37210, 5961, 948},
	{"policy", 0, 0, 386, -2924},
	{"dial", 2, 37210, 5162, 708},
	{"dial/peers/filestore", 2, 37210, 6207, 856},
	{"dial/peers/memstore", 2, 37210, 5276, 712},
	{"dial/dialtest", 2, 37210, 9520, 1572},
	{"dial/auth", 5, 42602, 7031, 1404},
	{"imapconn", 7, 53766, 7536, 1880},
	{"smtpconn", 6, 45936, 9772, 1640},
	{"smtpconn/pool", 6, 45936, 10954, 1556},
	{"pop3conn", 5, 42602, 9175, 1516},
	{"pop3conn/fetch", 5, 42602, 9596, 1640},
}

// most returns the limit for a figure: a tenth more, and a little for small
// figures. The number of modules has no such room: each is a decision.
func most(figure int) int {
	return figure + max(figure, -figure)/10 + 100
}

// tooHeavy returns what is above its limit, or has none.
func tooHeavy(loads []load) error {
	known := map[string]agreed{}
	for _, a := range limits {
		known[a.pkg] = a
	}
	var problems []error
	for _, l := range loads {
		a, ok := known[l.pkg]
		if !ok {
			problems = append(problems, fmt.Errorf("%s has no limits in internal/test/weight/limits.go", l.pkg))
			continue
		}
		problems = append(problems, a.compare(l, loads[0].kib))
		delete(known, l.pkg)
	}
	for pkg := range known {
		problems = append(problems, fmt.Errorf("internal/test/weight/limits.go has %s, which is gone", pkg))
	}
	return errors.Join(problems...)
}

// compare returns which figures of a load are above what was agreed.
func (a agreed) compare(l load, base int) error {
	var problems []error
	check := func(what string, is, limit int) {
		if is > limit {
			problems = append(problems, fmt.Errorf("%s: %d %s, limit %d", a.pkg, is, what, limit))
		}
	}
	check("foreign modules", len(l.modules), a.modules)
	check("foreign lines", l.foreign, most(a.foreign))
	check("own lines", l.own, most(a.own))
	check("KiB over "+yardstick, l.kib-base, most(a.over))
	return errors.Join(problems...)
}
