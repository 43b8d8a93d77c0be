package look

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/smtpconn/mx"
)

// MX asks how mail comes to a domain: what a sender that keeps to DANE and MTA-STS would do.
// It connects to no mail server.
func MX(ctx context.Context, domain string, o *discover.Options) *report.MX {
	sender, err := mx.New(mx.Config{Resolver: o.Resolver, Transport: o.Transport, Dialer: o.Dialer, Permit: o.Permit})
	if err != nil {
		return &report.MX{Hosts: []report.MXHost{}, Error: mxText(err)}
	}
	defer sender.Close(ctx)
	route, err := sender.Look(ctx, domain)
	if err != nil {
		var failed *mx.Error
		later := errors.As(err, &failed) && !failed.Final()
		return &report.MX{Hosts: []report.MXHost{}, Error: mxText(err), Later: later}
	}
	seen := &report.MX{Signed: route.Secure, Hosts: []report.MXHost{}}
	if p := route.Policy; p != nil {
		seen.STS = &report.STS{Mode: string(p.Mode), Hosts: clipAll(p.MX), MaxDays: int(p.MaxAge / (24 * time.Hour))}
	}
	if route.PolicyErr != nil {
		seen.Broken = mxText(route.PolicyErr)
	}
	for _, h := range route.Hosts {
		seen.Hosts = append(seen.Hosts, mxHost(h))
	}
	return seen
}

func mxHost(h mx.Host) report.MXHost {
	seen := report.MXHost{
		Name: clip(h.Name), Preference: int(h.Preference), TLSA: len(h.TLSA), Demand: h.Demand.String(), Why: clip(h.Why),
		Verified: h.Demand == mx.ByTLSA || h.Demand == mx.ByName, DANE: h.Demand == mx.ByTLSA,
		NotInPolicy: errors.Is(h.Err, mx.ErrNotInPolicy),
	}
	if h.Err != nil {
		seen.Error = mxText(h.Err)
	}
	return seen
}

// mxText returns the text of an error without the name of the package.
func mxText(err error) string { return clip(strings.TrimPrefix(err.Error(), "mx: ")) }
