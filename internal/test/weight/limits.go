package main

import (
	"errors"
	"fmt"
	"slices"
)

// agreed is what an importer took on when it was last looked at and found right.
type agreed struct {
	modules int // foreign
	foreign int // lines of Go in them
	own     int // lines of Go in this module
	over    int // KiB of binary above the yardstick's
}

var limits = map[string]agreed{
	"dial":                    {2, 37210, 8056, 952},
	"dial/auth":               {5, 42602, 10776, 1080},
	"dial/dialtest":           {2, 37210, 17045, 1736},
	"dial/dialtest/mailstore": {0, 0, 409, -2800},
	"dial/discover":           {2, 40281, 10771, 2408},
	"dial/dns":                {2, 40281, 3142, -1076},
	"dial/legacy":             {2, 37210, 8264, -1576},
	"dial/peers":              {0, 0, 854, -1860},
	"dial/peers/filestore":    {0, 0, 3685, -1576},
	"dial/peers/memstore":     {0, 0, 955, -1864},
	"dial/peers/sqlstore":     {0, 0, 3304, -1508},
	"dial/peers/storetest":    {0, 0, 1058, -1876},
	"dial/trust":              {0, 0, 113, -1936},
	"imapconn":                {7, 53766, 22663, 2776},
	"imapconn/imapwatch":      {7, 53766, 25293, 2824},
	"policy":                  {0, 0, 397, -2940},
	"pop3conn":                {5, 42602, 13020, 1484},
	"pop3conn/pop3watch":      {5, 42602, 14951, 1664},
	"smtpconn":                {6, 45936, 14448, 2192},
	"smtpconn/mx":             {6, 49007, 18541, 3068},
	"smtpconn/outbox":         {6, 45936, 19663, 1476},
	"smtpconn/pool":           {6, 45936, 16268, 2236},
}

// most returns the limit for a figure: a tenth more, and a little for small
// figures. The number of modules has no such room: each is a decision.
func most(figure int) int {
	return figure + max(figure, -figure)/10 + 100
}

// tooHeavy returns what is above its limit, or has none.
func tooHeavy(loads []load) error {
	var problems []error
	for _, l := range loads {
		a, ok := limits[l.pkg]
		if !ok {
			problems = append(problems, fmt.Errorf("%s has no limits in internal/test/weight/limits.go", l.pkg))
			continue
		}
		check := func(what string, is, limit int) {
			if is > limit {
				problems = append(problems, fmt.Errorf("%s: %d %s, limit %d", l.pkg, is, what, limit))
			}
		}
		check("foreign modules", len(l.modules), a.modules)
		check("foreign lines", l.foreign, most(a.foreign))
		check("own lines", l.own, most(a.own))
		check("KiB over "+yardstick, l.kib, most(a.over))
	}
	for pkg := range limits {
		if !slices.ContainsFunc(loads, func(l load) bool { return l.pkg == pkg }) {
			problems = append(problems, fmt.Errorf("internal/test/weight/limits.go has %s, which is gone", pkg))
		}
	}
	return errors.Join(problems...)
}
