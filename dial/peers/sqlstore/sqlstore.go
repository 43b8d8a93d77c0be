package sqlstore

import (
	"context"
	"database/sql"

	"github.com/mailconn/mailconn/dial/peers"
)

// Options say where a Store keeps what it remembers.
type Options struct {
	// Dialect is the database's; it must be set.
	Dialect Dialect

	// Table is the table's name: lower-case ASCII letters, digits and
	// underscores, not a digit first, at most 50. Empty means DefaultTable. A
	// second table, with "_schema" behind its name, holds the schema's version.
	Table string
}

// DefaultTable is the table of a Store if nothing else is said.
const DefaultTable = "mailconn_peers"

// Store remembers servers in a database. Its methods may be called by many
// goroutines at once. Each ends with its context: where a driver does not (for
// SQLite some wait on for a file that is locked), its statement is left behind,
// and may still be carried out.
type Store struct {
	db    *sql.DB
	table string
	sql   statements
}

var _ peers.Store = (*Store)(nil)

// Open returns the store in db, after it has made its tables if there are none.
// It fails with a [*SchemaError] if the tables are not those of this version of
// the package, and with the driver's error if the database cannot be asked. db
// remains the caller's to close, and must not be closed before the store's last
// use.
func Open(ctx context.Context, db *sql.DB, o Options) (*Store, error) {
	table, err := tableName(o.Table)
	if err != nil {
		return nil, err
	}
	text, err := o.Dialect.statements(table)
	if err != nil {
		return nil, err
	}
	s := &Store{db, table, text}
	_, err = within(ctx, func() (struct{}, error) { return struct{}{}, s.prepare(ctx) })
	if err != nil {
		return nil, failure(ctx, "open "+table, err)
	}
	return s, nil
}

// Recall returns what is remembered of a server, nil if nothing is. A row that
// makes no sense is a [*RowError].
func (s *Store) Recall(ctx context.Context, p peers.Peer) (*peers.Record, error) {
	if err := p.Validate(); err != nil {
		return nil, failure(ctx, "recall "+p.String(), err)
	}
	known, err := s.read(ctx, s.sql.recall, key(p)...)
	switch {
	case err != nil:
		return nil, failure(ctx, "recall "+p.String(), err)
	case len(known) == 0:
		return nil, nil
	}
	return &known[0].record, nil
}

// Remember adds what a session has shown, in one statement. It fails with the
// error of [peers.Record.Validate], or with the driver's: then the record may
// have been added, as a whole, or not.
func (s *Store) Remember(ctx context.Context, p peers.Peer, seen peers.Record) error {
	r, err := rowOf(p, seen)
	if err != nil {
		return failure(ctx, "remember "+p.String(), err)
	}
	return failure(ctx, "remember "+p.String(), s.write(ctx, s.sql.remember, r.values()...))
}

// Forget removes a server: the next dial meets a stranger. A server that is not
// known is no error. It also removes a row that Recall refuses.
func (s *Store) Forget(ctx context.Context, p peers.Peer) error {
	if err := p.Validate(); err != nil {
		return failure(ctx, "forget "+p.String(), err)
	}
	return failure(ctx, "forget "+p.String(), s.write(ctx, s.sql.forget, key(p)...))
}

// Each calls f for every server, ordered by protocol, host and port, until it
// returns an error, which Each returns. All rows are read before the first
// call, so f may use the store even if there is but one connection. A row that
// makes no sense is a [*RowError], and f is not called at all.
func (s *Store) Each(ctx context.Context, f func(peers.Peer, peers.Record) error) error {
	all, err := s.read(ctx, s.sql.each)
	if err != nil {
		return failure(ctx, "list "+s.table, err)
	}
	for _, e := range all {
		if err := f(e.peer, e.record); err != nil {
			return err
		}
	}
	return nil
}
