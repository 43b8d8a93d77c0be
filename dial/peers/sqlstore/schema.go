package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// schemaVersion is the version of the tables that the dialects create. A change of the
// tables must increase it, here and in the dialects, and handle the older versions.
const schemaVersion = 1

// SchemaError is returned by [Open] if the tables have another version of the schema
// than this package. Open has not changed them.
type SchemaError struct {
	Table string // name of the table
	Found int    // version of its schema; 0 if it has none
	Known int    // version that this package creates
}

// Error returns the two versions, and what to do.
func (e *SchemaError) Error() string {
	switch {
	case e.Found > e.Known:
		return fmt.Sprintf("table %s has schema version %d, created by a newer mailconn; this program knows version %d: update the program", e.Table, e.Found, e.Known)
	case e.Found > 0:
		return fmt.Sprintf("table %s has schema version %d, created by an older mailconn; this program knows version %d: rename the tables %[1]s and %[4]s and copy their rows into new ones, or use another table; without the rows all records are lost", e.Table, e.Found, e.Known, schemaTable(e.Table))
	}
	return fmt.Sprintf("table %s has no schema version: mailconn did not create it, or table %s was lost: rename it, or use another table", e.Table, schemaTable(e.Table))
}

// Schema returns the statements with which Open creates the tables of a store. They are
// for a database in which the program itself may not create tables, and can be
// repeated.
func Schema(o Options) ([]string, error) {
	table, err := tableName(o.Table)
	if err != nil {
		return nil, err
	}
	s, err := o.Dialect.statements(table)
	return s.create, err
}

// tableName returns the name of the table, or an error if it is not valid.
func tableName(name string) (string, error) {
	const letters, digits = "abcdefghijklmnopqrstuvwxyz_", "0123456789"
	switch {
	case name == "":
		return DefaultTable, nil
	case len(name) > 50, strings.Trim(name, letters+digits) != "", strings.ContainsRune(digits, rune(name[0])):
		return "", fmt.Errorf("sqlstore: table %.64q: want lower-case letters, digits and underscores, a letter first, at most 50", name)
	}
	return name, nil
}

// prepare creates the tables if they do not exist, and checks them otherwise. So the
// program needs the right to create tables only once.
func (s *Store) prepare(ctx context.Context) error {
	found, complete, err := s.version(ctx)
	if err == nil && !complete {
		if err = s.create(ctx); err != nil {
			return fmt.Errorf("create tables: %w", err)
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

// version returns the version of the schema, and whether the tables are complete.
func (s *Store) version(ctx context.Context) (v int, complete bool, err error) {
	// In this order, since another program may be creating the tables: the table of
	// the schema is created first.
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
		return 0, false, nil // the tables were not completed, or are being created
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

// probe returns an error unless the table has all columns and may be read.
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
