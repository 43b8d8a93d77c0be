package upgrade

import (
	"errors"
	"slices"
	"time"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// refusalTimeout bounds the request for the list after a refusal. The list only makes
// the error more exact.
const refusalTimeout = 2 * time.Second

// afterRefusal returns the event for a server that refused the upgrade.
func (r *run) afterRefusal() (Event, error) {
	if r.list == nil {
		if err := r.askAfterRefusal(); err != nil {
			return 0, err
		}
	}
	switch {
	case r.list == nil:
		return RefusedUnknown, nil
	case r.Protocol.Offers(r.list):
		return RefusedListed, nil
	}
	return RefusedUnlisted, nil
}

// askAfterRefusal asks for the list. It fails if the context ended or data was
// injected. Any other failure leaves the list unknown.
func (r *run) askAfterRefusal() error {
	b, cancel := wire.NewBudget(r.ctx, refusalTimeout)
	defer cancel()
	var list line.List
	err := b.Watched(r.raw, func() (err error) {
		list, err = r.dialect.Capabilities()
		return err
	})
	switch {
	case errors.Is(err, policy.ErrInjected):
		return err
	case r.ctx.Err() != nil:
		return wire.ContextError(r.ctx)
	case err == nil && list.Status == line.NoList:
		r.list = []string{}
	case err == nil:
		r.list = list.Entries
	}
	return nil
}

// ErrMasked is the cause of a violation by a server whose list has a keyword of X's in
// the place of STARTTLS, as some firewalls write it.
var ErrMasked = errors.New("something between here and the server hides its STARTTLS keyword")

// violation returns the violation that ends the run, with the server's reply.
func (r *run) violation(reason error) *policy.Violation {
	v := r.refusal.Violation(reason)
	if reason == policy.ErrPreauth {
		v.Reply = wire.Printable(r.greeting.Text)
	}
	masked := slices.ContainsFunc(r.list, func(keyword string) bool { // "XXXXXXXA"
		return len(keyword) == len("STARTTLS") && keyword[:7] == "XXXXXXX"
	})
	if masked && (reason == policy.ErrNotOffered || reason == policy.ErrRemembered) {
		v.Err = ErrMasked
	}
	return v
}
