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

// RowError is the error for a row that is not valid: no Remember has written it. A dial
// treats it as a failure of the store. [Store.Forget] removes the row.
type RowError struct {
	Table string // name of the table
	Peer  string // protocol, host and port of the row
	Err   error  // what is wrong with the row
}

// Error returns the row, and what is wrong with it.
func (e *RowError) Error() string {
	return wire.Printable(fmt.Sprintf("corrupt row of %s in table %s: %v", e.Peer, e.Table, e.Err))
}

// Unwrap returns Err.
func (e *RowError) Unwrap() error { return e.Err }

// entry is the meaning of a row.
type entry struct {
	peer   peers.Peer
	record peers.Record
}

// row has the columns of a peer and its record: enums by name, key hashes in
// hexadecimal, mechanisms as the bits of a set, times as seconds since 1970, and the
// lifetime in seconds.
type row struct {
	protocol, host                    string
	port                              int64
	policy, verified                  string
	version                           int64
	leaf, issuer                      string
	mechanisms, first, last, lifetime int64
}

// newRow returns the row of a record in whole seconds.
func newRow(p peers.Peer, r peers.Record) row {
	return row{
		protocol: p.Protocol.String(), host: p.Host, port: int64(p.Port),
		policy: r.Policy.String(), verified: r.Verified.String(), version: int64(r.Version),
		leaf: r.Leaf.String(), issuer: r.Issuer.String(), mechanisms: int64(r.Mechanisms),
		first: r.FirstSeen.Unix(), last: r.LastSeen.Unix(), lifetime: int64(r.Lifetime / time.Second),
	}
}

// values returns the columns in their order, as arguments of a statement.
func (r row) values() []any {
	return []any{r.protocol, r.host, r.port, r.policy, r.verified, r.version, r.leaf, r.issuer, r.mechanisms, r.first, r.last, r.lifetime}
}

// key returns the columns of the primary key, as arguments of a statement.
func key(p peers.Peer) []any { return []any{p.Protocol.String(), p.Host, int64(p.Port)} }

// read scans the current row of rows into r, and returns its meaning.
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

// name returns the peer of the row for an error.
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

// record returns the record of the row. It checks the ranges of the numbers, and leaves
// the rest to Validate.
func (r *row) record() (rec peers.Record, err error) {
	switch {
	case r.version < 0 || r.version > math.MaxUint16:
		return rec, fmt.Errorf("TLS version is %d", r.version)
	case r.mechanisms < 0 || r.mechanisms > math.MaxUint32:
		return rec, fmt.Errorf("mechanisms are %d", r.mechanisms)
	case r.lifetime < 0 || r.lifetime > int64(math.MaxInt64/time.Second):
		return rec, fmt.Errorf("lifetime is %d seconds", r.lifetime)
	}
	rec = peers.Record{
		Policy: named(r.policy, policy.ImplicitTLS, policy.OpportunisticSTARTTLS, policy.RequiredSTARTTLS), Verified: named(r.verified, trust.PKIX, trust.Pinned),
		Version: uint16(r.version), Mechanisms: peers.Mechanisms(r.mechanisms),
		FirstSeen: time.Unix(r.first, 0).UTC(), LastSeen: time.Unix(r.last, 0).UTC(),
		Lifetime: time.Duration(r.lifetime) * time.Second,
	}
	return rec, errors.Join(rec.Leaf.UnmarshalText([]byte(r.leaf)), rec.Issuer.UnmarshalText([]byte(r.issuer)))
}

// named returns the value with a name, and zero, which is not valid in a record, if
// there is none.
func named[T fmt.Stringer](name string, values ...T) (none T) {
	for _, v := range values {
		if v.String() == name {
			return v
		}
	}
	return none
}
