package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/internal/wire"
)

// Options are the options of [Open] and [Schema].
type Options struct {
	// Dialect is the dialect of the database. It must be set.
	Dialect Dialect

	// Table is the name of the table: at most 50 lower-case ASCII letters, digits and
	// underscores, and not a digit first. Empty means [DefaultTable]. A second table,
	// whose name has "_schema" appended, has the version of the schema.
	Table string
}

// DefaultTable is the name of the table if Options has none.
const DefaultTable = "mailconn_peers"

// Store remembers servers in a database. The methods may be called by many goroutines
// at once. Each returns when its context ends. If the driver ignores the context, as
// some for SQLite do while the file is locked, its statement may still be executed
// later.
type Store struct {
	db    *sql.DB
	table string
	sql   statements
}

var _ peers.Store = (*Store)(nil)

// Open returns a store in db, and creates its tables if they do not exist. It fails
// with a [*SchemaError] for tables of another version of the schema, and with the
// error of the driver if the database fails, wrapped. The store does not close db.
func Open(ctx context.Context, db *sql.DB, o Options) (*Store, error) {
	table, err := tableName(o.Table)
	if err != nil {
		return nil, err
	}
	text, err := o.Dialect.statements(table)
	if err != nil {
		return nil, err
	}
	if ctx == nil {
		return nil, failure(ctx, "open "+table, errNilContext)
	}
	s := &Store{db, table, text}
	_, err = wire.Await(ctx, func() (struct{}, error) { return struct{}{}, s.prepare(ctx) })
	if err != nil {
		return nil, failure(ctx, "open "+table, err)
	}
	return s, nil
}

// Recall returns the record of a server, and nil if there is none. It fails with a
// [*RowError] if the row is not valid.
func (s *Store) Recall(ctx context.Context, p peers.Peer) (*peers.Record, error) {
	var known []entry
	err := p.Validate()
	if err == nil {
		known, err = s.read(ctx, s.sql.recall, key(p)...)
	}
	if err != nil || len(known) == 0 {
		return nil, failure(ctx, "recall "+p.String(), err)
	}
	return &known[0].record, nil
}

// Remember adds what a session has shown to the record of a server, in whole seconds
// ([peers.Record.Rounded]) and in one statement. The error is that of
// [peers.Peer.Validate] or [peers.Record.Validate], or that of the driver, wrapped.
// After an error of the driver the record was added as a whole or not at all.
func (s *Store) Remember(ctx context.Context, p peers.Peer, seen peers.Record) error {
	seen = seen.Rounded()
	err := errors.Join(p.Validate(), seen.Validate())
	if err == nil {
		err = s.write(ctx, s.sql.remember, newRow(p, seen).values()...)
	}
	return failure(ctx, "remember "+p.String(), err)
}

// Forget removes the record of a server, as if the server had never been dialled. It is
// no error if there is no record. It also removes a row that is not valid.
func (s *Store) Forget(ctx context.Context, p peers.Peer) error {
	err := p.Validate()
	if err == nil {
		err = s.write(ctx, s.sql.forget, key(p)...)
	}
	return failure(ctx, "forget "+p.String(), err)
}

// Each calls f for every server, ordered by protocol, host and port. If f returns an
// error, Each stops and returns it. All rows are read before the first call, so f may
// use the store also if db has only one connection. If a row is not valid, Each fails
// with a [*RowError] before it calls f.
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
