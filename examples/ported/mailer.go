package ported

import (
	"context"
	"io"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// NewMailer returns a pool of connections to a relay.
//
// What is gone is a pool of the program's own. This one waits within the context of each
// message, asks no relay whether a connection still stands, sends a series in one round
// trip a message, learns how many connections a relay allows, and never sends a message
// again that may have arrived.
func NewMailer(relay dial.Endpoint, d *dial.Dialer, user string, password auth.Source, maxConns int) (*pool.Pool, error) {
	return pool.New(pool.Config{
		Endpoint: relay,
		Options:  &smtpconn.Options{Dialer: d, Auth: auth.Password{User: user, Secret: password}},
		MaxConns: maxConns,
		IdleTime: 15 * time.Second,
	})
}

// Mail sends a message by the pool, again if a connection fails and the relay does not
// have it.
func Mail(ctx context.Context, p *pool.Pool, from string, to []string, message io.ReadSeeker) error {
	_, err := p.Send(ctx, smtpconn.Envelope{From: from, To: to}, message)
	return err
}
