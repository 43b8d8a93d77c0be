package main

import (
	"context"
	"time"

	"github.com/mailconn/mailconn/smtpconn/pool"
)

// relay tells a person what the answers to the messages leave out: that the relay
// cannot be used, why, and what to do; that it can be used again; and how many
// connections it gives. It says each once.
type relay struct {
	pool  *pool.Pool
	name  string
	say   func(format string, args ...any)
	down  bool
	hint  string // what to do, as said
	limit int
}

// look says what is new.
func (r *relay) look(s pool.Stats) {
	if s.Limit != r.limit && s.Limit > 0 {
		r.say("%s gives %d of the connections that -conns allows; one more is tried now and then", r.name, s.Limit)
	}
	hint := ""
	switch {
	case s.Down != nil:
		hint = s.Down.Hint()
		if !r.down || hint != r.hint {
			r.say("%s %s: %v\n\t%s", r.name, fate(s.Down), s.Down.Err, hint)
		}
	case r.down:
		r.say("%s can be used again", r.name)
	}
	r.down, r.hint, r.limit = s.Down != nil, hint, s.Limit
}

// fate is what becomes of the relay.
func fate(d *pool.DownError) string {
	if d.Temporary() {
		return "is down, and is tried again"
	}
	return "cannot be used until this is mended"
}

// watch looks at the outbox and the relays each second, and once more when ctx ends.
func (s *service) watch(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for on := true; on; {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			on = false
		}
		for _, r := range s.relays {
			r.look(r.pool.Stats())
		}
		s.screen.show(s.box.Stats())
	}
}
