package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
)

// read returns the peers and records of a query.
func (s *Store) read(ctx context.Context, query string, args ...any) ([]entry, error) {
	if ctx == nil {
		return nil, errNilContext
	}
	return wire.Await(ctx, func() ([]entry, error) {
		rows, err := s.db.QueryContext(ctx, query, args...)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		var list []entry
		for rows.Next() {
			var r row
			e, err := r.read(rows)
			if err != nil {
				return nil, &RowError{Table: s.table, Peer: r.name(), Err: err}
			}
			list = append(list, e)
		}
		return list, rows.Err()
	})
}

// tries is how often a statement is sent that the database rolls back because of a
// concurrent one. No pause is needed, since the other statement has made progress.
const tries = 20

// write executes a statement, and again if it was rolled back. All statements of this
// package are idempotent.
func (s *Store) write(ctx context.Context, statement string, args ...any) error {
	if ctx == nil {
		return errNilContext
	}
	_, err := wire.Await(ctx, func() (struct{}, error) {
		var err error
		for range tries {
			if _, err = s.db.ExecContext(ctx, statement, args...); err == nil || !rolledBack(err) {
				return struct{}{}, err
			}
		}
		return struct{}{}, fmt.Errorf("rolled back %d times: %w", tries, err)
	})
	return err
}

// rolledBack reports whether the database rolled a statement back because of a
// concurrent one. Errors of the drivers for PostgreSQL have a method that returns the
// code. The driver for MySQL has the code in the text.
func rolledBack(err error) bool {
	const serialization, deadlock = "40001", "40P01"
	var coded interface{ SQLState() string }
	if errors.As(err, &coded) {
		return coded.SQLState() == serialization || coded.SQLState() == deadlock
	}
	return strings.HasPrefix(err.Error(), "Error 1213 ")
}

var errNilContext = errors.New("nil context")

// failure adds what failed to an error. If ctx has ended it adds the error of ctx,
// which not every driver returns.
func failure(ctx context.Context, what string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx == nil || ctx.Err() == nil || errors.Is(err, context.Cause(ctx)):
		return fmt.Errorf("sqlstore: %s: %w", what, err)
	}
	return fmt.Errorf("sqlstore: %s: %w: %w", what, wire.ContextError(ctx), err)
}
