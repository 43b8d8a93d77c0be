package main

import (
	"context"
	"errors"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// relay tells a person what the answers to the messages leave out: that the relay
// cannot be used, why, and what to do; that it can be used again; and how many
// connections it gives. It says each once.
type relay struct {
	say   func(format string, args ...any)
	down  bool
	hint  string // what to do, as said
	limit int
}

// look says what is new.
func (r *relay) look(s pool.Stats) {
	if s.Limit != r.limit && s.Limit > 0 {
		r.say("the relay gives %d of the connections that -conns allows; one more is tried now and then", s.Limit)
	}
	hint := ""
	switch {
	case s.Down != nil:
		hint = advice(s.Down)
		if !r.down || hint != r.hint {
			r.say("%s: %v\n\t%s", fate(s.Down), s.Down.Err, hint)
		}
	case r.down:
		r.say("the relay can be used again")
	}
	r.down, r.hint, r.limit = s.Down != nil, hint, s.Limit
}

// fate is what becomes of messages meanwhile.
func fate(d *pool.DownError) string {
	if d.Temporary() {
		return "messages wait for the relay"
	}
	return "no message is sent until this is mended"
}

// advice is what a person may do about it.
func advice(d *pool.DownError) string {
	var failed *dial.Error
	if errors.As(d.Err, &failed) {
		return failed.Hint()
	}
	return "The relay ends its connections before it has answered for a message."
}

// watch looks at the pool each second, and once more when ctx ends.
func (b *book) watch(ctx context.Context, p *pool.Pool) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			b.look(p.Stats())
		case <-ctx.Done():
			b.look(p.Stats())
			return
		}
	}
}

func (b *book) look(s pool.Stats) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.relay.look(s)
}
