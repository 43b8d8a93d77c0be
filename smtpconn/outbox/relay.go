package outbox

import (
	"errors"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// relay is a Relay, and what is known of it. The mutex of the outbox guards it.
type relay struct {
	Relay
	until time.Time // it is down, and is not asked before
	down  *pool.DownError
	stats RelayStats
}

// ready reports whether the relay may be asked.
func (r *relay) ready(now time.Time) bool { return r.down == nil || !now.Before(r.until) }

// note learns from the error of an attempt. retry is how long to wait if a relay that is
// down does not say it.
func (r *relay) note(now time.Time, err error, retry time.Duration) {
	var down *pool.DownError
	if !errors.As(err, &down) {
		r.down = nil
		r.count(err)
		return
	}
	r.down, r.until = down, down.Next
	if !r.until.After(now) {
		r.until = now.Add(retry)
	}
}

func (r *relay) count(err error) {
	switch {
	case err == nil:
		r.stats.Accepted++
	case errors.Is(err, smtpconn.Refused):
		r.stats.Refused++
	case errors.Is(err, smtpconn.InDoubt):
		r.stats.InDoubt++
	default:
		r.stats.NotSent++
	}
}

// relayReady returns the time before which no relay may be asked.
func (o *Outbox) relayReady() time.Time {
	var first time.Time
	for i, r := range o.relays {
		if r.down == nil {
			return time.Time{}
		}
		if i == 0 || r.until.Before(first) {
			first = r.until
		}
	}
	return first
}
