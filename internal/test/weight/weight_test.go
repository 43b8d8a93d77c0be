package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestVendored(t *testing.T) {
	got := vendored("# a.org/m v1.0.0\n## explicit; go 1.20\na.org/m\na.org/m/sub\n# b.org/version v1.2.3\n## explicit\n# c.org/m v0.1.0 => ../m\nc.org/m\n# c.org/m => ../m\n")
	if len(got) != 2 || got["a.org/m"] != 2 || got["c.org/m"] != 1 {
		t.Errorf("%v", got)
	}
}

// TestTooHeavy shows that every figure has a limit, and every package.
func TestTooHeavy(t *testing.T) {
	right := func() []load {
		var loads []load
		for _, a := range limits {
			l := load{pkg: a.pkg, modules: map[string]string{}, foreign: a.foreign, own: a.own, kib: 4000 + a.over}
			for range a.modules {
				l.modules[fmt.Sprint(len(l.modules))] = mit
			}
			loads = append(loads, l)
		}
		return loads
	}
	if err := tooHeavy(right()); err != nil {
		t.Error(err)
	}
	for name, heavy := range map[string]func(*load){
		"module":  func(l *load) { l.modules["new"] = mit },
		"foreign": func(l *load) { l.foreign += l.foreign/8 + 101 },
		"own":     func(l *load) { l.own += l.own/8 + 101 },
		"binary":  func(l *load) { l.kib += 500 },
		"package": func(l *load) { l.pkg = "new" },
	} {
		for i := range right()[1:] {
			loads := right()
			heavy(&loads[i+1])
			if tooHeavy(loads) == nil {
				t.Errorf("%s of %s: taken", name, loads[i+1].pkg)
			}
		}
	}
	if tooHeavy(right()[:3]) == nil {
		t.Error("limits for a package that is gone: taken")
	}
}

const table = "# x\n\n## Dependencies\n\n| module | licence | importers of |\n|---|---|---|\n" +
	"| `a.org/m` | MIT | all but `policy` |\n| `b.org/m` | Apache-2.0 | `dial`, `dial/auth` |\n\n## State\n\n| `no` | row | `here` |\n"

func TestDependencies(t *testing.T) {
	rows := dependencies(table)
	if len(rows) != 2 || rows[1].module != "b.org/m" || rows[1].licence != "Apache-2.0" {
		t.Fatalf("%+v", rows)
	}
	for _, pkg := range []string{"policy", "dial", "dial/auth", "imapconn"} {
		want := []bool{pkg != "policy", strings.HasPrefix(pkg, "dial")}
		if got := []bool{rows[0].needed(pkg), rows[1].needed(pkg)}; !slices.Equal(got, want) {
			t.Errorf("%s: %v", pkg, got)
		}
	}
}

const (
	mit    = "Permission is hereby granted, free of charge, to any\nperson obtaining a copy ... without restriction"
	apache = "  Apache License\n  Version 2.0, January 2004 ... Grant of Copyright License."
)

// TestUnlisted shows each way in which the table can be wrong.
func TestUnlisted(t *testing.T) {
	right := func() []load {
		return []load{
			{pkg: yardstick}, {pkg: "policy"},
			{pkg: "dial", modules: map[string]string{"a.org/m": mit, "b.org/m": apache}},
			{pkg: "dial/auth", modules: map[string]string{"a.org/m": mit, "b.org/m": apache}},
			{pkg: "imapconn", modules: map[string]string{"a.org/m": mit}},
		}
	}
	if err := unlisted(table, right()); err != nil {
		t.Error(err)
	}
	for name, wrong := range map[string]func([]load){
		"not in the table":   func(l []load) { l[2].modules["c.org/m"] = mit },
		"another licence":    func(l []load) { l[3].modules["b.org/m"] = mit },
		"no licence":         func(l []load) { l[4].modules["a.org/m"] = "" },
		"not vendored there": func(l []load) { delete(l[3].modules, "b.org/m") },
		"vendored there too": func(l []load) { l[4].modules["b.org/m"] = apache },
		"not vendored": func(l []load) {
			delete(l[2].modules, "b.org/m")
			delete(l[3].modules, "b.org/m")
		},
	} {
		loads := right()
		wrong(loads)
		if unlisted(table, loads) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
