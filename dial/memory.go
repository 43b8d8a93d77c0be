package dial

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/mailconn/mailconn/policy"
)

// Memory remembers which servers had TLS, so that one which had it is held to
// it (RFC 3207 §6). It only ever tightens: no connection that would fail
// without a memory succeeds with one. Packages memstore, filestore and sqlstore
// hold implementations.
//
// A Memory is used by many goroutines at once. Its calls should end when their
// context does; one that does not is left behind and waited for no longer.
type Memory interface {
	// Recall returns what is remembered of a server, expired or not, and nil
	// if nothing is. An error means that this cannot be told.
	Recall(context.Context, Peer) (*Record, error)

	// Remember adds what a verified session has shown. If the server is
	// remembered already it must leave what [Record.Merge] returns, whoever
	// else remembers it at the same time. nil means that it is kept.
	Remember(context.Context, Peer, Record) error
}

// Peer is a server in a [Memory]. Two endpoints that differ only in their
// policy are the same peer.
type Peer struct {
	Protocol policy.Protocol // what it is spoken to in
	Host     string          // as A-labels in lower case, or an IP address
	Port     uint16          // never 0
}

// Peer returns the peer that e leads to, or what is wrong with e.
func (e Endpoint) Peer() (Peer, error) {
	n, err := e.normal()
	if err != nil {
		return Peer{}, err
	}
	return n.peer(), nil
}

// peer is Peer for an endpoint in its normal form.
func (e Endpoint) peer() Peer { return Peer{e.Protocol, e.Host, e.Port} }

// String returns the protocol, host and port, as in "imap mail.example.org:143".
func (p Peer) String() string {
	return p.Protocol.String() + " " + net.JoinHostPort(p.Host, strconv.Itoa(int(p.Port)))
}

// Memorizing says what a Dialer makes of its Memory.
type Memorizing struct {
	// Lifetime is how long a server is held to what it had, counted from the
	// last session that was verified. Zero means 180 days.
	Lifetime time.Duration

	// Timeout bounds each call of the Memory, and so does a quarter of the
	// time that the dial has left. Zero means one second.
	Timeout time.Duration

	// HoldVersion refuses a TLS version below the highest that was seen in a
	// verified session, with reason policy.ErrVersionLowered.
	HoldVersion bool

	// HoldAuth refuses to show the server a password, with reason
	// policy.ErrAuthLowered, if it listed SCRAM in a verified session.
	HoldAuth bool

	// InsecureForget lets a connection under OpportunisticSTARTTLS stay in the
	// clear if the Memory cannot be asked. Without it such a connection fails,
	// with reason policy.ErrMemory.
	InsecureForget bool
}

const (
	defaultLifetime = 180 * 24 * time.Hour
	defaultRecall   = time.Second
)

// normal fills in what zero means.
func (m Memorizing) normal() (Memorizing, error) {
	switch {
	case m.Lifetime < 0:
		return m, fmt.Errorf("negative Memorizing.Lifetime: %v", m.Lifetime)
	case m.Timeout < 0:
		return m, fmt.Errorf("negative Memorizing.Timeout: %v", m.Timeout)
	}
	if m.Lifetime == 0 {
		m.Lifetime = defaultLifetime
	}
	if m.Timeout == 0 {
		m.Timeout = defaultRecall
	}
	return m, nil
}
