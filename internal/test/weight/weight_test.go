package main

import (
	"fmt"
	"testing"

	"github.com/mailconn/mailconn/internal/test/papers"
)

func TestVendored(t *testing.T) {
	got := vendored("# a.org/m v1.0.0\n## explicit; go 1.20\na.org/m\na.org/m/sub\n# b.org/version v1.2.3\n## explicit\n# c.org/m v0.1.0 => ../m\nc.org/m\n# c.org/m => ../m\n")
	if len(got) != 2 || got["a.org/m"] != 2 || got["c.org/m"] != 1 {
		t.Errorf("%v", got)
	}
}

// TestTooHeavy shows that every figure has a limit, and every package.
func TestTooHeavy(t *testing.T) {
	for name, change := range map[string]func([]load) []load{
		"":           func(l []load) []load { return l },
		"a module":   func(l []load) []load { l[0].modules["new"] = mit; return l },
		"lines":      func(l []load) []load { l[0].foreign += l[0].foreign/8 + 101; return l },
		"own lines":  func(l []load) []load { l[0].own += l[0].own/8 + 101; return l },
		"the binary": func(l []load) []load { l[0].kib += 500; return l },
		"a package":  func(l []load) []load { return append(l, load{pkg: "new"}) },
		"is gone":    func(l []load) []load { return l[1:] },
	} {
		var loads []load
		for pkg, a := range limits {
			l := load{pkg: pkg, modules: map[string]string{}, foreign: a.foreign, own: a.own, kib: a.over}
			for i := range a.modules {
				l.modules[fmt.Sprint(i)] = mit
			}
			loads = append(loads, l)
		}
		if err := tooHeavy(change(loads)); (err == nil) != (name == "") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

const table = "# x\n\n## Dependencies\n\n| module | licence | importers of |\n|---|---|---|\n" +
	"| `a.org/m` | MIT | all but `policy`, `dial/peers/...` |\n| `b.org/m` | Apache-2.0 | `dial/auth` |\n\n## State\n\n| `no` | row | `here` |\n"

const (
	mit    = "Permission is hereby granted, free of charge, to any\nperson obtaining a copy ... without restriction"
	apache = "  Apache License\n  Version 2.0, January 2004 ... Grant of Copyright License."
)

// TestUnlisted shows each way in which the table can be wrong.
func TestUnlisted(t *testing.T) {
	for name, change := range map[string]func(dial, auth *load){
		"":                   func(_, _ *load) {},
		"not in the table":   func(dial, _ *load) { dial.modules["c.org/m"] = mit },
		"another licence":    func(_, auth *load) { auth.modules["b.org/m"] = mit },
		"no licence":         func(_, auth *load) { auth.modules["b.org/m"] = "" },
		"not vendored there": func(dial, _ *load) { delete(dial.modules, "a.org/m") },
		"vendored there too": func(dial, _ *load) { dial.modules["b.org/m"] = apache },
		"not vendored":       func(_, auth *load) { delete(auth.modules, "b.org/m") },
	} {
		loads := []load{
			{pkg: "policy"}, {pkg: "dial/peers"}, {pkg: "dial/peers/memstore"},
			{pkg: "dial", modules: map[string]string{"a.org/m": mit}},
			{pkg: "dial/auth", modules: map[string]string{"a.org/m": mit, "b.org/m": apache}},
		}
		change(&loads[3], &loads[4])
		if err := unlisted(table, loads); (err == nil) != (name == "") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// README.md says how much larger a program with smtpconn is.
func TestPapers(t *testing.T) {
	papers.Says(t, "README.md", "is %.1f MiB larger than one that sends with net/smtp", float64(limits["smtpconn"].over)/1024)
}
