// Package findings says in plain words what is wrong with what was seen, and what to do
// next. Each kind of finding is a row of a table: no grades are given, and no points.
package findings

import (
	"slices"
	"strings"

	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// Of returns what is wrong, the most harmful first.
func Of(r *report.Report) []report.Finding {
	all := []report.Finding{}
	if r.Domain != nil {
		all = append(all, ofDomain(r.Domain)...)
		all = append(all, unmetByDomain(r.Domain, r.Expect)...)
	}
	for i := range r.Endpoints {
		e := &r.Endpoints[i]
		all = append(all, ofEndpoint(e, r.Days)...)
		all = append(all, unmet(e, r.Expect)...)
	}
	all = merge(all)
	report.Sort(all)
	return all
}

// merge makes one finding of those that say the same of several places.
func merge(all []report.Finding) (merged []report.Finding) {
	merged = []report.Finding{}
	for _, f := range all {
		same := slices.IndexFunc(merged, func(m report.Finding) bool {
			return m.ID == f.ID && m.What == f.What && m.Next == f.Next
		})
		if same < 0 {
			merged = append(merged, f)
		} else {
			merged[same].Where = append(merged[same].Where, f.Where...)
		}
	}
	return merged
}

// row is a kind of finding of an endpoint.
type row struct {
	id   string
	harm report.Harm
	// found reports whether it is so; days is how long a certificate is to be good for.
	found func(e *report.Endpoint, days int) bool
	// what and next are sentences. In them {host}, {names} and so on stand for facts, and
	// {tls}, {service} and so on for settings.
	what, next string
}

// ofEndpoint returns the rows that are true of an endpoint.
func ofEndpoint(e *report.Endpoint, days int) (all []report.Finding) {
	for _, r := range rows() {
		if r.found(e, days) {
			own := strings.NewReplacer(settings(e)...) // which have marks
			all = append(all, finding(r.id, r.harm, e.URL.String(), own.Replace(r.what), own.Replace(r.next), facts(e)...))
		}
	}
	return all
}

// finding returns a finding of one place. The pairs say what stands for a word in braces:
// they may be texts of others, from which it takes the marks that stand around settings.
func finding(id string, harm report.Harm, where, what, next string, pairs ...string) report.Finding {
	for i := range pairs {
		pairs[i] = strings.ReplaceAll(pairs[i], "`", "'")
	}
	fill := strings.NewReplacer(pairs...)
	return report.Finding{
		ID: id, Harm: harm, Where: []string{where}, What: fill.Replace(what),
		Next: strings.TrimSpace(strings.ReplaceAll(fill.Replace(next), "  ", " ")), // around a fact that is not there
	}
}

// Kinds returns the ids of all findings that an endpoint can have, but for expectations.
func Kinds() (ids []string) {
	for _, r := range rows() {
		ids = append(ids, r.id)
	}
	return ids
}
