// Package peers remembers how servers were protected, so that a later connection can
// detect a downgrade (RFC 3207 §6). A [Store] keeps a [Record] for each [Peer], and
// [Rules] say how a dial.Dialer uses it. The packages memstore, filestore and sqlstore
// have stores, and storetest has the tests for one of your own.
//
//	store, err := filestore.Open(ctx, "servers")
//	...
//	dialer := dial.Dialer{Peers: store}
package peers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/mailconn/mailconn/policy"
)

// Store remembers which servers had TLS. A Dialer with a Store only becomes stricter:
// a connection that would fail without one fails with one as well.
//
// The methods are called by many goroutines at once. They should return when their
// context ends; the Dialer does not wait longer.
type Store interface {
	// Recall returns the record of a server, expired or not, and nil if there is
	// none. An error means that the store could not tell.
	Recall(context.Context, Peer) (*Record, error)

	// Remember adds what a session with a verified server has shown. If there is a
	// record of the server, it is replaced by the result of [Record.Merge], also if
	// other goroutines or processes remember the same server at the same time. A
	// nil error means that the record is kept. A peer or a record that is not valid
	// is an error.
	Remember(context.Context, Peer, Record) error
}

// Peer is a server in a [Store]. Endpoints that differ only in their policy have the
// same peer.
type Peer struct {
	Protocol policy.Protocol // the protocol of the server
	Host     string          // A-labels in lower case, or an IP address
	Port     uint16          // not 0
}

// Validate returns an error for a peer whose host is written in another way than
// endpoints write it, as the records of one server would be kept for several otherwise,
// for one without a port, and for an unknown protocol. A [Store] validates the peers that
// it gets and those that it reads. A valid host has no character that must be escaped in
// JSON.
func (p Peer) Validate() error {
	switch {
	case !p.Protocol.Valid():
		return fmt.Errorf("%v is not a protocol", p.Protocol)
	case p.Host == "" || len(p.Host) > 255:
		return fmt.Errorf("host %.300q is not 1 to 255 characters long", p.Host)
	case !isHost(p.Host):
		return fmt.Errorf("host %.300q is neither a name in A-labels and lower case nor an IP address", p.Host)
	case p.Port == 0:
		return errors.New("no port")
	}
	return nil
}

// isHost reports whether a host is in the form of A-labels in lower case or of an IP
// address. It knows no more of names, as hostname.Normal does with golang.org/x/net/idna:
// programs that only have a store do not link that.
func isHost(s string) bool {
	const letters, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Unmap().String() == s && strings.Trim(strings.ToLower(a.Zone()), letters+digits+"-._~") == "" // RFC 6874 §2
	}
	return strings.Trim(s, letters+digits+"-._") == "" && !strings.Contains("."+s+".", "..")
}

// String returns the protocol, host and port, as in "imap mail.example.org:143".
func (p Peer) String() string {
	return p.Protocol.String() + " " + net.JoinHostPort(p.Host, strconv.Itoa(int(p.Port)))
}

// Rules says how a Dialer uses its [Store].
type Rules struct {
	// Lifetime is how long a record is valid after the last session with a verified
	// server. Zero means 180 days.
	Lifetime time.Duration

	// Timeout bounds each call of the Store. A quarter of the time that the dial has
	// left bounds it too. Zero means one second.
	Timeout time.Duration

	// HoldVersion refuses a TLS version below the highest of the record, with reason
	// policy.ErrVersionLowered. If the Store fails nothing is refused.
	HoldVersion bool

	// HoldAuth refuses to send the server a password, with reason
	// policy.ErrAuthLowered, if the record has a SCRAM mechanism. If the Store fails
	// nothing is refused.
	HoldAuth bool

	// InsecureForget lets a connection under OpportunisticSTARTTLS stay in the
	// clear if the Store fails. Without it such a connection fails with reason
	// policy.ErrMemory.
	InsecureForget bool
}

const (
	defaultLifetime = 180 * 24 * time.Hour
	defaultTimeout  = time.Second
)

// Normal returns the rules with the defaults filled in, or an error if a field is
// negative.
func (r Rules) Normal() (Rules, error) {
	switch {
	case r.Lifetime < 0:
		return r, fmt.Errorf("negative peers.Rules.Lifetime: %v", r.Lifetime)
	case r.Timeout < 0:
		return r, fmt.Errorf("negative peers.Rules.Timeout: %v", r.Timeout)
	}
	if r.Lifetime == 0 {
		r.Lifetime = defaultLifetime
	}
	if r.Timeout == 0 {
		r.Timeout = defaultTimeout
	}
	return r, nil
}
