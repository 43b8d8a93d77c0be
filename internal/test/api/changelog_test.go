package api

import (
	"errors"
	"path"
	"regexp"
	"slices"
	"strings"
)

// unreleased returns the text of the change log's first section, which must be
// the one for what has no version yet.
func unreleased(log string) (string, error) {
	_, section, found := strings.Cut(log, "\n## Unreleased\n")
	if !found {
		return "", errors.New("the change log has no section Unreleased")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return section, nil
}

// unnamed returns what was added or removed between two lists of entries, with a
// sign in front, and is not named in the log. An entry that changed is one
// removed and one added.
func unnamed(before, now []string, log string) []string {
	var missing []string
	look := func(sign string, lines, others []string) {
		for _, line := range lines {
			if !slices.Contains(others, line) && !named(log, line, others) {
				missing = append(missing, sign+" "+line)
			}
		}
	}
	look("-", before, now)
	look("+", now, before)
	slices.SortStableFunc(missing, func(a, b string) int { return strings.Compare(a[2:], b[2:]) })
	return missing
}

// named reports whether the log has a name that stands for an entry which is not
// among others.
func named(log, line string, others []string) bool {
	e := parse(line)
	has := func(same func(entry) bool) bool {
		return slices.ContainsFunc(others, func(l string) bool { return same(parse(l)) })
	}
	switch {
	case mentions(log, e.String()):
		return true
	case !has(func(o entry) bool { return o.pkg == e.pkg }):
		return strings.Contains(log, "`"+e.pkg+"`")
	case !has(func(o entry) bool { return o.pkg == e.pkg && o.name == e.name }):
		return mentions(log, entry{pkg: e.pkg, name: e.name}.String())
	}
	return false
}

// entry says what a line is about.
type entry struct{ pkg, name, member string }

// String returns the name that the change log must have: dial.Dialer.Timeout.
func (e entry) String() string {
	s := path.Base(e.pkg) + "." + e.name
	if e.member != "" {
		s += "." + e.member
	}
	return s
}

var shapes = []*regexp.Regexp{
	regexp.MustCompile(`^(\S+): func \(\*?(\w+)\) (\w+)`),
	regexp.MustCompile(`^(\S+): type (\w+).* (?:struct|interface), (?:field|method) (\w+)`),
	regexp.MustCompile(`^(\S+): \w+ (\w+)()`),
}

func parse(line string) entry {
	for _, shape := range shapes {
		if m := shape.FindStringSubmatch(line); m != nil {
			return entry{m[1], m[2], m[3]}
		}
	}
	return entry{}
}

// mentions reports whether the log has a name as it is, and not as part of a
// longer one. It may have the package's path in front.
func mentions(log, name string) bool {
	whole := regexp.MustCompile(`(?:^|[^\w.])` + regexp.QuoteMeta(name) + `(?:$|[^\w.]|\.(?:$|\W))`)
	return whole.MatchString(log)
}
