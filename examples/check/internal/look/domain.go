package look

import (
	"context"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// Domain asks which servers a mail address has. An error means that it was not asked to the
// end: what is known by then proves no absence, and is not returned.
func Domain(ctx context.Context, address string, o *discover.Options) (*report.Domain, error) {
	found, err := discover.Find(ctx, address, o)
	if err != nil {
		return nil, err
	}
	d := &report.Domain{
		Name:    clip(address[strings.LastIndexByte(address, '@')+1:]),
		Missing: found.NoDomain,
		Sources: sources(found),
		Reading: candidates(found.Reading),
		Sending: candidates(found.Sending),
		Absent:  append(found.Reading.Absent, found.Sending.Absent...),
	}
	if !d.Missing {
		d.MX = MX(ctx, d.Name, o)
	}
	if err := ended(ctx); err != nil {
		return nil, err
	}
	return d, nil
}

// Looks returns the servers of the domain that are to be looked at: those that it vouches
// for, and those that a person has to be asked about only if agreed.
func Looks(d *report.Domain, agreed bool) (all []report.Candidate) {
	for _, c := range slices.Concat(d.Reading, d.Sending) {
		if c.Standing == report.Ready || c.Standing == report.AskFirst && agreed {
			all = append(all, c)
		}
	}
	return all
}

func candidates(s discover.Servers) []report.Candidate {
	all := []report.Candidate{}
	for _, list := range []struct {
		candidates []discover.Candidate
		standing   report.Standing
	}{{s.Ready, report.Ready}, {s.AskFirst, report.AskFirst}, {s.Refused, report.Rejected}} {
		for _, c := range list.candidates[:min(len(list.candidates), maxList)] {
			all = append(all, candidate(c, list.standing))
		}
	}
	return all
}

func candidate(c discover.Candidate, standing report.Standing) report.Candidate {
	seen := report.Candidate{URL: c.Endpoint, Standing: standing, Users: clipAll(c.Users), Issuer: clip(c.Issuer)}
	for _, m := range c.Auth {
		seen.Ways = append(seen.Ways, string(m))
	}
	for _, p := range c.Proofs {
		seen.Proofs = append(seen.Proofs, report.Proof{Source: string(p.Source), Voucher: p.Voucher.String(), Host: clip(p.Host)})
	}
	return seen
}

// sources returns how each source has answered, in the order of package discover. The first
// error of one that could not be asked stands for all; one that has named a server counts
// as answered, whatever else it could not be asked.
func sources(found *discover.Result) (all []report.Source) {
	named := map[discover.Source]bool{}
	for _, s := range []discover.Servers{found.Reading, found.Sending} {
		for _, c := range slices.Concat(s.Ready, s.AskFirst, s.Refused) {
			for _, p := range c.Proofs {
				named[p.Source] = true
			}
		}
	}
	for _, name := range []discover.Source{discover.PACC, discover.SRV, discover.Autoconfig, discover.ISPDB, discover.MX, discover.Guess} {
		s := report.Source{Name: string(name)}
		failed := slices.IndexFunc(found.Failed, func(f *discover.SourceError) bool { return f.Source == name })
		switch {
		case named[name]:
			s.State = report.Answered
		case failed >= 0:
			s.State, s.Error = report.Failed, clip(found.Failed[failed].Err.Error())
		case slices.Contains(found.Empty, name):
			s.State = report.Empty
		default:
			continue // it was not asked
		}
		all = append(all, s)
	}
	return all
}
