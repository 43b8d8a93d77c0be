package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/mailconn/mailconn/smtpconn/mx"
)

// look prints what would be done with mail for some domains.
func look(ctx context.Context, s *mx.Sender, domains []string, w io.Writer) (status int) {
	for _, domain := range domains {
		route, err := s.Look(ctx, domain)
		if err != nil {
			fmt.Fprintf(w, "%s\n  no route: %v\n", domain, err)
			status = statusUnavailable
			continue
		}
		printRoute(w, route)
	}
	return status
}

func printRoute(w io.Writer, r *mx.Route) {
	rule := r.Rule
	if rule == "" {
		rule = "the rest"
	}
	signed := "signed"
	if !r.Secure {
		signed = "unsigned: " + r.Why
	}
	fmt.Fprintf(w, "%s  rule for %s: %v  MX %s\n", r.Domain, rule, r.Level, signed)
	if p := r.Policy; p != nil {
		fmt.Fprintf(w, "  MTA-STS policy %s: %s, %s, of %s\n", p.ID, p.Mode, strings.Join(p.MX, " "), p.Fetched.UTC().Format("2006-01-02"))
	}
	if r.PolicyErr != nil {
		fmt.Fprintf(w, "  MTA-STS: %v\n", r.PolicyErr)
	}
	for _, odd := range r.Odd {
		fmt.Fprintf(w, "  not used: %s\n", odd)
	}
	printHosts(w, r.Hosts)
	if r.More > 0 {
		fmt.Fprintf(w, "  and %d more\n", r.More)
	}
}

// printHosts prints a line for each host, with its TLSA records below it.
func printHosts(w io.Writer, hosts []mx.Host) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer table.Flush()
	for _, h := range hosts {
		does := strings.TrimSpace(fmt.Sprintf("%v %s", h.Demand, strings.Join(h.Names, " ")))
		why, signed := h.Why, "unsigned"
		if h.Err != nil {
			does, why = "NOT USED", h.Err.Error()
		}
		if h.Secure {
			signed = "signed"
		}
		fmt.Fprintf(table, "  %d\t%s\t%v\t%s\t%s\t(%s)\n", h.Preference, h.Name, h.Addrs, signed, does, why)
		for _, r := range h.TLSA {
			unused := ""
			if err := r.Unusable(); err != nil {
				unused = "  (not used: " + err.Error() + ")"
			}
			fmt.Fprintf(table, "    TLSA %v%s\n", r, unused)
		}
	}
}
