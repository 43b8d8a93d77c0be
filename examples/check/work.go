package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/examples/check/internal/demo"
	"github.com/mailconn/mailconn/examples/check/internal/findings"
	"github.com/mailconn/mailconn/examples/check/internal/look"
	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/examples/internal/cli"
	"github.com/mailconn/mailconn/examples/internal/prompt"
)

// report looks at what the options name.
func (o *options) report(ctx context.Context, stdin io.Reader, stderr io.Writer) (*report.Report, error) {
	switch {
	case o.from != "":
		return o.load()
	case o.demo:
		return o.lookAtDemo(ctx, stderr)
	}
	l, err := o.looker(ctx, stdin, stderr)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.total) // which the person who types the password does not use up
	defer cancel()
	r := o.begin(time.Now().UTC().Truncate(time.Second))
	targets, err := o.targets(ctx, r, l)
	if err != nil {
		return nil, err
	}
	r.Endpoints = look.All(ctx, targets, progress(stderr, len(targets)))
	return r, nil
}

// targets returns the endpoints to look at. For an address its domain is asked, and what it
// says is in r.
func (o *options) targets(ctx context.Context, r *report.Report, l *look.Looker) (all []look.Target, err error) {
	for _, e := range o.endpoints {
		r.Asked = append(r.Asked, e.String())
		all = append(all, look.Target{Endpoint: e, Looker: l})
	}
	if o.address == "" {
		return all, nil
	}
	r.Asked = append(r.Asked, o.address)
	if r.Domain, err = look.Domain(ctx, o.address, o.find); err != nil {
		return nil, err
	}
	for _, c := range look.Looks(r.Domain, o.yes) {
		all = append(all, look.Target{Endpoint: c.URL, Looker: l})
	}
	return all, nil
}

// begin returns a report without anything that was seen.
func (o *options) begin(now time.Time) *report.Report {
	return &report.Report{Schema: report.Schema, Asked: []string{}, Made: now, Days: o.days, Expect: o.expect}
}

// lookAtDemo looks at servers and a domain in this process.
func (o *options) lookAtDemo(ctx context.Context, stderr io.Writer) (*report.Report, error) {
	w, err := demo.Start()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	ctx, cancel := context.WithTimeout(ctx, o.total)
	defer cancel()
	r := o.begin(demo.Now())
	r.Demo, r.Asked = true, append(r.Asked, demo.Address)
	if r.Domain, err = look.Domain(ctx, demo.Address, w.Find()); err != nil {
		return nil, err
	}
	targets := w.Targets(o.transcripts())
	r.Endpoints = look.All(ctx, targets, progress(stderr, len(targets)))
	return r, nil
}

// looker returns how to look at servers of the network, after it has asked for the password
// if there is to be a login.
func (o *options) looker(ctx context.Context, stdin io.Reader, stderr io.Writer) (*look.Looker, error) {
	trust, err := cli.TLSConfig(o.ca)
	if err != nil {
		return nil, err
	}
	d := &dial.Dialer{TLSConfig: trust, Pins: o.pins, Timeout: o.timeout}
	if o.address != "" {
		d.NetDialer = o.find.NetDialer() // the rule for addresses holds for what was found, too
	}
	if o.find.Dialer != nil && trust == nil {
		d.TLSConfig = o.find.Dialer.TLSConfig
	}
	l := &look.Looker{Dialer: d, User: o.user, Transcripts: o.transcripts()}
	if o.user == "" {
		return l, nil
	}
	secret, err := prompt.Password(ctx, o.user, o.passwordFile, stdin, stderr)
	if err != nil {
		return nil, fmt.Errorf("password: %w", err)
	}
	l.Auth = auth.Password{User: o.user, Secret: secret}
	return l, nil
}

// transcripts reports whether what both sides say is shown anywhere.
func (o *options) transcripts() bool { return o.transcript || o.html != "" }

// load reads a report that -json has written, to be judged as the flags say.
func (o *options) load() (*report.Report, error) {
	f, err := os.Open(o.from)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := report.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.from, err)
	}
	if o.anew {
		r.Days = o.days
	}
	if o.expect != nil {
		r.Expect = o.expect
	}
	if r.Domain == nil {
		err = findings.CheckDomain(r.Expect)
	}
	return r, err
}

// progress returns what tells a person that work is going on: nothing, unless stderr is a
// terminal.
func progress(stderr io.Writer, total int) func(*report.Endpoint) {
	f, ok := stderr.(*os.File)
	if !ok || !prompt.IsTerminal(f) {
		return func(*report.Endpoint) {}
	}
	n := 0
	return func(e *report.Endpoint) {
		n++
		fmt.Fprintf(f, "looked at %d of %d: %v\n", n, total, e.URL)
	}
}
