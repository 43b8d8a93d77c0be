package upgrade

import (
	"context"
	"errors"
	"time"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// refusalTime bounds the question for the list after a refusal, whose answer
// only makes the error more exact.
const refusalTime = 2 * time.Second

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

// askAfterRefusal gets the list if it can. Injected data stays an error; that
// the list could not be had is none, unless ctx has ended.
func (r *run) askAfterRefusal() error {
	ctx, cancel := context.WithTimeout(r.ctx, refusalTime)
	defer cancel()
	defer wire.Watch(ctx, r.raw)()
	list, err := r.speak.Capabilities()
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

// violation describes the end of the run, with the words that led to it.
func (r *run) violation(reason error) *policy.Violation {
	v := r.refusal.Violation(reason)
	if reason == policy.ErrPreauth {
		v.Reply = wire.Printable(r.greeting.Text)
	}
	if masked(r.list) && (reason == policy.ErrNotOffered || reason == policy.ErrRemembered) {
		v.Err = ErrMasked
	}
	return v
}
