package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"math"
	"net"
	"strconv"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// RowError is a row that no Remember can have left. Dials treat it as a memory
// that cannot be asked; Forget removes it.
type RowError struct {
	Table string // the store's
	Peer  string // the protocol, host and port, as the row has them
	Err   error  // what is wrong with it
}

// Error names the row and says what is wrong with it.
func (e *RowError) Error() string {
	return fmt.Sprintf("corrupt row of %s in table %s: %v", e.Peer, e.Table, e.Err)
}

// Unwrap returns what is wrong with the row.
func (e *RowError) Unwrap() error { return e.Err }

// entry is a row that was read.
type entry struct {
	peer   peers.Peer
	record peers.Record
}

// row is a peer and its record as the table has them: words for the enums, the
// key hashes in hexadecimal, the mechanisms as the bits of a set, times as
// seconds since 1970.
type row struct {
	protocol, host                    string
	port                              int64
	policy, verified                  string
	version                           int64
	leaf, issuer                      string
	mechanisms, first, last, lifetime int64
}

// rowOf returns the row of a record, or what is wrong with it.
func rowOf(p peers.Peer, r peers.Record) (row, error) {
	if err := errors.Join(p.Validate(), r.Validate()); err != nil {
		return row{}, err
	}
	seen := row{
		protocol: p.Protocol.String(), host: p.Host, port: int64(p.Port),
		policy: r.Policy.String(), verified: r.Verified.String(), version: int64(r.Version),
		leaf: r.Leaf.String(), issuer: r.Issuer.String(), mechanisms: int64(r.Mechanisms),
		first: r.FirstSeen.Unix(), last: r.LastSeen.Unix(), lifetime: seconds(r.Lifetime),
	}
	return seen, seen.checkTimes()
}

// seconds returns a lifetime in whole seconds, and no shorter: a row must not
// hold less than what it was made of.
func seconds(d time.Duration) int64 {
	s := int64(d / time.Second)
	if d%time.Second > 0 && s < maxLifetime {
		s++
	}
	return s
}

// maxLifetime is the longest lifetime that a time.Duration can hold.
const maxLifetime = int64(math.MaxInt64 / time.Second)

// values returns the columns in their order, as arguments of a statement.
func (r row) values() []any {
	return []any{r.protocol, r.host, r.port, r.policy, r.verified, r.version, r.leaf, r.issuer, r.mechanisms, r.first, r.last, r.lifetime}
}

// key returns the columns of a peer.
func key(p peers.Peer) []any { return []any{p.Protocol.String(), p.Host, int64(p.Port)} }

// read fills r from the current row of rows, and returns what it means.
func (r *row) read(rows *sql.Rows) (e entry, err error) {
	err = rows.Scan(&r.protocol, &r.host, &r.port, &r.policy, &r.verified, &r.version, &r.leaf, &r.issuer, &r.mechanisms, &r.first, &r.last, &r.lifetime)
	if err != nil {
		return e, err
	}
	if e.peer, err = r.peer(); err != nil {
		return e, err
	}
	if e.record, err = r.record(); err != nil {
		return e, err
	}
	return e, e.record.Validate()
}

// name returns the peer for an error.
func (r *row) name() string {
	return wire.Printable(r.protocol + " " + net.JoinHostPort(r.host, strconv.FormatInt(r.port, 10)))
}

func (r *row) peer() (p peers.Peer, err error) {
	if p.Protocol, err = policy.ParseProtocol(r.protocol); err != nil {
		return p, err
	}
	if r.port < 0 || r.port > math.MaxUint16 {
		return p, fmt.Errorf("port is %d", r.port)
	}
	p.Host, p.Port = r.host, uint16(r.port)
	return p, p.Validate()
}

// record returns the record of a row. What it does not check is left to
// Validate.
func (r *row) record() (rec peers.Record, err error) {
	switch {
	case r.version < 0 || r.version > math.MaxUint16:
		return rec, fmt.Errorf("TLS version is %d", r.version)
	case r.mechanisms < 0 || r.mechanisms > math.MaxUint32:
		return rec, fmt.Errorf("mechanisms are %d", r.mechanisms)
	case r.lifetime < 0 || r.lifetime > maxLifetime:
		return rec, fmt.Errorf("lifetime is %d seconds", r.lifetime)
	}
	rec = peers.Record{
		Policy: word(r.policy, policy.ImplicitTLS, policy.OpportunisticSTARTTLS, policy.RequiredSTARTTLS), Verified: word(r.verified, trust.PKIX, trust.Pinned),
		Version: uint16(r.version), Mechanisms: peers.Mechanisms(r.mechanisms),
		FirstSeen: time.Unix(r.first, 0).UTC(), LastSeen: time.Unix(r.last, 0).UTC(),
		Lifetime: time.Duration(r.lifetime) * time.Second,
	}
	return rec, errors.Join(r.checkTimes(), rec.Leaf.UnmarshalText([]byte(r.leaf)), rec.Issuer.UnmarshalText([]byte(r.issuer)))
}

// word returns the one of the values that has a name; zero, which is not
// valid in a record, if none has.
func word[T fmt.Stringer](name string, values ...T) (none T) {
	for _, v := range values {
		if v.String() == name {
			return v
		}
	}
	return none
}

// checkTimes returns an error for times with which the database could not
// reckon.
func (r *row) checkTimes() error {
	for _, t := range []int64{r.first, r.last} {
		if year := time.Unix(t, 0).UTC().Year(); year < 1 || year > 9999 {
			return fmt.Errorf("year %d is not of this calendar", year)
		}
	}
	return nil
}
