package discover

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/netguard"
	"github.com/mailconn/mailconn/internal/wire"
)

// Find returns the servers of a mail address. It asks all sources side by side.
// Afterwards it tries conventional names for a use (reading or sending) for which
// nothing was found, unless no source could be asked at all. It takes at most twice
// [Options.Timeout]. A nil o is the zero Options.
//
// It fails with [ErrAddress], wrapped, if address is not a mail address, and if o is not
// valid. If ctx ends first, Find returns its error together with what was found until
// then. A source that fails is no error of Find; see [Result.Failed].
func Find(ctx context.Context, address string, o *Options) (*Result, error) {
	if ctx == nil {
		return nil, errors.New("discover: nil context")
	}
	f, err := newFinder(address, o)
	if err != nil {
		return nil, err
	}
	reports := f.askAll(ctx)
	failed := 0
	for _, r := range reports {
		if r.failed != nil {
			failed++
		}
	}
	if wanted := unguessed(reports); ctx.Err() == nil && len(wanted) > 0 && failed < len(reports) {
		reports = append(reports, f.guess(ctx, wanted, failed > 0))
	}
	return f.result(reports), wire.ContextError(ctx)
}

// finder is a call of Find.
type finder struct {
	Options
	mailbox
	mail *dial.Dialer
}

// newFinder checks the arguments of Find, and fills in defaults.
func newFinder(address string, o *Options) (*finder, error) {
	f := new(finder)
	if o != nil {
		f.Options = *o
	}
	if err := f.Options.check(); err != nil {
		return nil, err
	}
	var err error
	if f.mailbox, err = parseAddress(address); err != nil {
		return nil, err
	}
	toMail := f.Options.NetDialer().(*netguard.Guard)
	f.Resolver, f.Permit = toMail.Resolver, toMail.Permit
	f.mail = &dial.Dialer{NetDialer: toMail}
	if d := f.Dialer; d != nil {
		f.mail.TLSConfig, f.mail.LocalName = d.TLSConfig, d.LocalName
	}
	return f, nil
}

// askAll asks all sources and waits for them.
func (f *finder) askAll(ctx context.Context) []report {
	type source struct {
		name Source
		ask  func(context.Context, *report)
	}
	sources := []source{{PACC, f.pacc}, {SRV, f.srv}, {Autoconfig, f.autoconfig}}
	if f.Options.ISPDB != "" {
		sources = append(sources, source{ISPDB, f.ispdb})
	}
	if f.Options.ISPDB != "" || f.Providers != nil {
		sources = append(sources, source{MX, f.mx})
	}
	reports := make([]report, len(sources))
	var asking sync.WaitGroup
	for i, s := range sources {
		asking.Go(func() {
			ctx, cancel := f.timeout(ctx)
			defer cancel()
			reports[i].source = s.name
			s.ask(ctx, &reports[i])
		})
	}
	asking.Wait()
	return reports
}

// unguessed returns the services for which names may be guessed: those of a use
// for which nothing was found, if the domain does not declare them absent.
func unguessed(reports []report) []service {
	var absent []service
	found := map[bool]bool{} // by whether it is for sending
	for _, r := range reports {
		absent = append(absent, r.absent...)
		for _, o := range r.finds {
			if !weak(o.endpoint.Policy) {
				found[forSending(o.endpoint.Protocol)] = true
			}
		}
	}
	return slices.DeleteFunc(services(), func(s service) bool {
		return found[forSending(s.protocol)] || slices.Contains(absent, s)
	})
}
