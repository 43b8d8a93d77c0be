package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// schemaVersion is that of the tables that the dialects make. Whoever changes
// them adds one, here and there, and says what becomes of the older ones.
const schemaVersion = 1

// SchemaError is returned by Open for tables that are not of the version that
// this package knows. It has left them as they were.
type SchemaError struct {
	Table string // the store's
	Found int    // its version; 0 for a table of that name without one
	Known int    // the version that this package makes
}

// Error returns which versions do not agree, and what can be done.
func (e *SchemaError) Error() string {
	switch {
	case e.Found > e.Known:
		return fmt.Sprintf("the schema of table %s is version %d, made by a newer mailconn, and this program knows version %d: update the program", e.Table, e.Found, e.Known)
	case e.Found > 0:
		return fmt.Sprintf("the schema of table %s is version %d, made by an older mailconn, and this program knows version %d: rename the tables %[1]s and %[4]s away and copy the rows into new ones, or use another table; without its rows every server is a stranger", e.Table, e.Found, e.Known, schemaTable(e.Table))
	}
	return fmt.Sprintf("table %s has no schema version: it is not of mailconn, or table %s was lost: rename it away, or use another table", e.Table, schemaTable(e.Table))
}

// schemaTable returns the name of the table with the schema's version.
func schemaTable(table string) string { return table + "_schema" }

// prepare makes the tables if they are missing, and checks them if not. Nothing
// is made where everything is there: a program needs the right to make tables
// no more than once.
func (s *Store) prepare(ctx context.Context) error {
	found, made, err := s.version(ctx)
	if err == nil && !made {
		if err = s.create(ctx); err != nil {
			return fmt.Errorf("make tables: %w", err)
		}
		found, _, err = s.version(ctx)
	}
	switch {
	case err != nil:
		return err
	case found != schemaVersion:
		return &SchemaError{s.table, found, schemaVersion}
	}
	return s.probe(ctx)
}

// version returns the schema's version, and whether the tables are made.
func (s *Store) version(ctx context.Context) (v int, made bool, err error) {
	// In this order: of tables that are being made at this moment the schema's
	// is there first.
	peers, err := s.exists(ctx, s.table)
	if err != nil {
		return 0, false, err
	}
	schema, err := s.exists(ctx, schemaTable(s.table))
	if err != nil || !schema {
		return 0, peers, err
	}
	err = s.db.QueryRowContext(ctx, s.sql.version).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil // it was being made, or still is
	}
	return v, true, err
}

func (s *Store) exists(ctx context.Context, table string) (yes bool, err error) {
	err = s.db.QueryRowContext(ctx, s.sql.exists, table).Scan(&yes)
	return yes, err
}

func (s *Store) create(ctx context.Context) error {
	for _, statement := range s.sql.create {
		if err := s.write(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// probe finds out whether the table has its columns, and may be read.
func (s *Store) probe(ctx context.Context) error {
	rows, err := s.db.QueryContext(ctx, s.sql.probe)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}
