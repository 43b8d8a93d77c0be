package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// dependency is a row of the table in README.md.
type dependency struct {
	module, licence string
	packages        []string // whose importers vendor it; after "all but", whose do not
	allBut          bool     // "dial/..." stands for dial and all below it
}

// dependencies reads the table of the section "Dependencies":
//
//	| `golang.org/x/net` | BSD-3-Clause | all but `policy` |
func dependencies(readme string) []dependency {
	_, section, _ := strings.Cut(readme, "\n## Dependencies\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var rows []dependency
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.Contains(cells[1], "`") {
			continue
		}
		d := dependency{module: strings.Trim(cells[1], " `"), licence: strings.TrimSpace(cells[2])}
		d.allBut = strings.Contains(cells[3], "all but")
		for i, part := range strings.Split(cells[3], "`") {
			if i%2 == 1 {
				d.packages = append(d.packages, part)
			}
		}
		rows = append(rows, d)
	}
	return rows
}

// needed reports whether the row says that importers of a package vendor the
// module.
func (d dependency) needed(pkg string) bool {
	return d.allBut != slices.ContainsFunc(d.packages, func(name string) bool {
		below, all := strings.CutSuffix(name, "/...")
		return pkg == below || all && strings.HasPrefix(pkg, below+"/")
	})
}

// unlisted returns where the table and what importers vendor are at odds.
func unlisted(readme string, loads []load) error {
	texts := map[string]string{}
	for _, l := range loads {
		maps.Copy(texts, l.modules)
	}
	var problems []error
	for _, d := range dependencies(readme) {
		if text, vendored := texts[d.module]; !vendored {
			problems = append(problems, fmt.Errorf("README.md lists %s, which no importer vendors", d.module))
		} else if is := identify(text); is != d.licence {
			problems = append(problems, fmt.Errorf("README.md has %s under %s, and its licence reads like %q", d.module, d.licence, is))
		}
		problems = append(problems, d.compare(loads))
		delete(texts, d.module)
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		problems = append(problems, fmt.Errorf("README.md does not list %s (%s) under Dependencies", name, identify(texts[name])))
	}
	return errors.Join(problems...)
}

// compare returns the packages for which the row is wrong.
func (d dependency) compare(loads []load) error {
	var problems []error
	for _, l := range loads {
		_, vendors := l.modules[d.module]
		if vendors != d.needed(l.pkg) {
			problems = append(problems, fmt.Errorf("README.md on importers of %s vendoring %s: %v; it is %v", l.pkg, d.module, !vendors, vendors))
		}
	}
	return errors.Join(problems...)
}

// identify names a licence by words that only it has, "" if it knows none.
func identify(text string) string {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	has := func(phrases ...string) bool {
		return !slices.ContainsFunc(phrases, func(p string) bool { return !strings.Contains(text, p) })
	}
	switch {
	case has("permission is hereby granted, free of charge, to any person obtaining a copy", "without restriction"):
		return "MIT"
	case has("redistribution and use in source and binary forms", "neither the name of"):
		return "BSD-3-Clause"
	case has("apache license version 2.0, january 2004", "grant of copyright license"):
		return "Apache-2.0"
	}
	return ""
}
