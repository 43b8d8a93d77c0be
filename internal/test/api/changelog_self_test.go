package api

import (
	"strings"
	"testing"
)

// TestUnnamed shows what the change log must say of a change, and what of it is
// not enough.
func TestUnnamed(t *testing.T) {
	const before = "dial: type Dialer struct\ndial: type Dialer struct, field Old int\ndial: func Gone()"
	for _, c := range []struct{ name, now, log, missing string }{
		{"nothing", before, "", ""},
		{"field", before + "\ndial: type Dialer struct, field New int", "`dial.Dialer.New` is new.", ""},
		{"field not named", before + "\ndial: type Dialer struct, field New int", "`dial.Dialer` has more.",
			"+ dial: type Dialer struct, field New int"},
		{"longer name", before + "\ndial: type Dialer struct, field New int", "dial.Dialer.Newer, redial.Dialer.New",
			"+ dial: type Dialer struct, field New int"},
		{"end of sentence", before + "\ndial: func (*Dialer) Do(int) error", "New: dial.Dialer.Do.", ""},
		{"changed", strings.Replace(before, "Old int", "Old uint", 1), "",
			"- dial: type Dialer struct, field Old int\n+ dial: type Dialer struct, field Old uint"},
		{"changed and named", strings.Replace(before, "Old int", "Old uint", 1), "dial.Dialer.Old is unsigned", ""},
		{"removed", strings.Replace(before, "\ndial: func Gone()", "", 1), "", "- dial: func Gone()"},
		{"new type", before + "\ndial: type T struct\ndial: type T struct, field F int\ndial: func (T) M()", "`dial.T`", ""},
		{"new type not named", before + "\ndial: type T interface, method M()", "`dial`", "+ dial: type T interface, method M()"},
		{"new package", before + "\ndial/auth: type T int", "* `dial/auth`: secrets", ""},
		{"new package not named", before + "\ndial/auth: type T int", "auth", "+ dial/auth: type T int"},
		{"path in front", before + "\ndial/auth: var V int", "`dial/auth.V`", ""},
	} {
		got := unnamed(entries("# comment\n"+before), entries(c.now), c.log)
		if strings.Join(got, "\n") != c.missing {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), c.missing)
		}
	}
}

func TestUnreleased(t *testing.T) {
	section, err := unreleased("# Changelog\n\n## Unreleased\n\nnew\n\n## v0.1.0\n\nold\n")
	if err != nil || strings.TrimSpace(section) != "new" {
		t.Errorf("%q, %v", section, err)
	}
	if _, err := unreleased("# Changelog\n\n## v0.1.0\n"); err == nil {
		t.Error("a log without the section was taken")
	}
}
