// Package peers remembers what servers once had, so that they are held to it: a
// [Store] keeps a [Record] for each [Peer], and [Rules] say what a Dialer makes of
// it (RFC 3207 §6).
package peers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/mailconn/mailconn/policy"
)

// Store remembers which servers had TLS, so that one which had it is held to
// it (RFC 3207 §6). It only ever tightens: no connection that would fail
// without a memory succeeds with one. Packages memstore, filestore and sqlstore
// hold implementations.
//
// A Store is used by many goroutines at once. Its calls should end when their
// context does; one that does not is left behind and waited for no longer.
type Store interface {
	// Recall returns what is remembered of a server, expired or not, and nil
	// if nothing is. An error means that this cannot be told.
	Recall(context.Context, Peer) (*Record, error)

	// Remember adds what a verified session has shown. If the server is
	// remembered already it must leave what [Record.Merge] returns, whoever
	// else remembers it at the same time. nil means that it is kept.
	Remember(context.Context, Peer, Record) error
}

// Peer is a server in a [Store]. Two endpoints that differ only in their
// policy are the same peer.
type Peer struct {
	Protocol policy.Protocol // what it is spoken to in
	Host     string          // as A-labels in lower case, or an IP address
	Port     uint16          // never 0
}

// Validate returns what is wrong with a peer that no endpoint leads to, and nil
// if nothing is. Stores check with it what they are given and what they read.
// A host that passes has no character that a JSON string would escape.
func (p Peer) Validate() error {
	switch {
	case !p.Protocol.Valid():
		return fmt.Errorf("%v is not a protocol", p.Protocol)
	case p.Host == "" || len(p.Host) > 255:
		return fmt.Errorf("host %.300q is not 1 to 255 characters long", p.Host)
	case strings.Trim(p.Host, hostCharacters) != "":
		return fmt.Errorf("host %.300q is neither a name in A-labels nor an IP address", p.Host)
	case !strings.Contains(p.Host, ":") && strings.ToLower(p.Host) != p.Host:
		return fmt.Errorf("host %.300q is not in lower case", p.Host)
	case p.Port == 0:
		return errors.New("no port")
	}
	return nil
}

// hostCharacters are those of names, of IPv6 addresses and of their zones
// (RFC 6874 §2).
const hostCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:%"

// String returns the protocol, host and port, as in "imap mail.example.org:143".
func (p Peer) String() string {
	return p.Protocol.String() + " " + net.JoinHostPort(p.Host, strconv.Itoa(int(p.Port)))
}

// Rules says what a Dialer makes of its Store.
type Rules struct {
	// Lifetime is how long a server is held to what it had, counted from the
	// last session that was verified. Zero means 180 days.
	Lifetime time.Duration

	// Timeout bounds each call of the Store, and so does a quarter of the
	// time that the dial has left. Zero means one second.
	Timeout time.Duration

	// HoldVersion refuses a TLS version below the highest that was seen in a
	// verified session, with reason policy.ErrVersionLowered.
	HoldVersion bool

	// HoldAuth refuses to show the server a password, with reason
	// policy.ErrAuthLowered, if it listed SCRAM in a verified session.
	HoldAuth bool

	// InsecureForget lets a connection under OpportunisticSTARTTLS stay in the
	// clear if the Store cannot be asked. Without it such a connection fails,
	// with reason policy.ErrMemory.
	InsecureForget bool
}

const (
	defaultLifetime = 180 * 24 * time.Hour
	defaultRecall   = time.Second
)

// Normal returns the rules with what zero means filled in, or what is wrong with
// them.
func (m Rules) Normal() (Rules, error) {
	switch {
	case m.Lifetime < 0:
		return m, fmt.Errorf("negative peers.Rules.Lifetime: %v", m.Lifetime)
	case m.Timeout < 0:
		return m, fmt.Errorf("negative peers.Rules.Timeout: %v", m.Timeout)
	}
	if m.Lifetime == 0 {
		m.Lifetime = defaultLifetime
	}
	if m.Timeout == 0 {
		m.Timeout = defaultRecall
	}
	return m, nil
}
