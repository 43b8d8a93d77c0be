package findings

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// Each row is found by its id alone, and its sentences have no place that is not filled.
func TestRows(t *testing.T) {
	var known []string
	e := &report.Endpoint{
		URL: dial.MustParseEndpoint("imaps://mail.example.org"), Outcomes: []report.Outcome{{Error: "error"}},
		Login: &report.Login{User: "joe"}, Chain: []report.Certificate{{}},
	}
	own := strings.NewReplacer(settings(e)...)
	for _, r := range rows() {
		if slices.Contains(known, r.id) || !slices.Contains(report.Harms(), r.harm) {
			t.Errorf("%s: twice, or without a harm", r.id)
		}
		known = append(known, r.id)
		f := finding(r.id, r.harm, "", own.Replace(r.what), own.Replace(r.next), facts(e)...)
		for _, text := range []string{f.What, f.Next} {
			if strings.ContainsAny(text, "{}") || text == "" {
				t.Errorf("%s: %q", r.id, text)
			}
		}
	}
}

func candidate(url string, standing report.Standing, sources ...string) report.Candidate {
	c := report.Candidate{URL: dial.MustParseEndpoint(url), Standing: standing}
	for _, s := range sources {
		c.Proofs = append(c.Proofs, report.Proof{Source: s})
	}
	return c
}

// What is wrong with a domain.
func TestDomain(t *testing.T) {
	good := candidate("imaps://a.test", report.Ready, "srv", "autoconfig")
	for want, d := range map[string]*report.Domain{
		"":                    {Reading: []report.Candidate{good}, Sending: []report.Candidate{good}},
		"no-domain":           {Missing: true},
		"offline":             {Sources: []report.Source{{Name: "srv", State: report.Failed}}},
		"no-server no-server": {},
		"not-vouched":         {Reading: []report.Candidate{candidate("imaps://b.test", report.AskFirst, "srv")}, Sending: []report.Candidate{good}},
		"named-without-tls":   {Reading: []report.Candidate{good, candidate("imap+plain://a.test", report.Rejected, "srv")}, Sending: []report.Candidate{good}},
		"contradiction":       {Reading: []report.Candidate{good, candidate("imaps://c.test", report.Ready, "ispdb")}, Sending: []report.Candidate{good}},
		"source-failed":       {Reading: []report.Candidate{good}, Sending: []report.Candidate{good}, Sources: []report.Source{{Name: "srv", State: report.Answered}, {Name: "pacc", State: report.Failed}}},
		"server-unknown server-unknown source-failed": {Sources: []report.Source{{Name: "srv", State: report.Empty}, {Name: "pacc", State: report.Failed}}},
	} {
		var got []string
		for _, f := range ofDomain(d) {
			got = append(got, f.ID)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What is wrong with the way of a domain's mail.
func TestMX(t *testing.T) {
	good := report.MXHost{Name: "mx.a.test", Verified: true}
	for want, m := range map[string]*report.MX{
		"":                {Hosts: []report.MXHost{good}, STS: &report.STS{Mode: "enforce"}},
		"mx-unknown":      {Error: "no answer", Later: true},
		"mta-sts-broken":  {Hosts: []report.MXHost{good}, Broken: "no answer"},
		"mta-sts-testing": {Hosts: []report.MXHost{good}, STS: &report.STS{Mode: "testing"}},
		"mx-not-used":     {Hosts: []report.MXHost{good, {Error: "not in the policy"}}},
		"mx-not-verified": {Hosts: []report.MXHost{good, {}}},
	} {
		var got []string
		for _, f := range ofMX("a.test", m) {
			got = append(got, f.ID)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if ofMX("a.test", nil) != nil || ofMX("a.test", &report.MX{Error: "null MX"}) != nil {
		t.Error("a domain without hosts has findings")
	}
}

// A date is that of the certificate that has expired or is not valid yet, and a short key that of
// any of the chain.
func TestCertificates(t *testing.T) {
	day := func(day, left int) report.Certificate {
		return report.Certificate{Key: "ECDSA P-256", NotAfter: time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC), DaysLeft: left}
	}
	for _, c := range []struct {
		reason report.Reason
		chain  []report.Certificate
		error  string
		want   string
	}{
		{report.CertExpired, []report.Certificate{day(5, -5), day(2, -8)}, "", "expired on 2026-01-05"},
		{report.CertExpired, []report.Certificate{day(25, 15), day(2, -8)}, "", "expired on 2026-01-02"},
		{report.CertNotYet, []report.Certificate{{}, {NotBefore: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)}}, "", "from 2026-02-01"},
		{report.CertWeakKey, []report.Certificate{day(25, 15), day(25, 15)}, `certificate of "b" has an RSA key of only 1024 bits`, `for the server: certificate of "b" has`},
	} {
		e := &report.Endpoint{URL: dial.MustParseEndpoint("imaps://a.test"), Chain: c.chain, Outcomes: []report.Outcome{{Reason: c.reason, Error: c.error}}}
		if got := ofEndpoint(e, 0); len(got) != 1 || !strings.Contains(got[0].What, c.want) {
			t.Errorf("%s: %+v", c.reason, got)
		}
		if got := unmet(e, []string{"tls1.3"}); len(got) != 1 || !strings.Contains(got[0].What, "without verified TLS") {
			t.Errorf("%s: %+v", c.reason, got)
		}
	}
}

// What is said of several servers is said once.
func TestMerge(t *testing.T) {
	f := report.Finding{ID: "a", What: "b", Next: "c", Where: []string{"x"}}
	g := f
	g.Where = []string{"y"}
	if got := merge([]report.Finding{f, {ID: "d"}, g}); len(got) != 2 || !slices.Equal(got[0].Where, []string{"x", "y"}) {
		t.Errorf("%+v", got)
	}
}
