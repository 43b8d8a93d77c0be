package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
)

// read returns the rows of a query.
func (s *Store) read(ctx context.Context, query string, args ...any) ([]entry, error) {
	return within(ctx, func() ([]entry, error) {
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

// tries is how often a statement is sent that the database undoes each time for
// the sake of another. Each time that other has got on, so it needs no pause.
const tries = 20

// write sends a statement, all of which can be sent again: what they do twice
// is what they do once.
func (s *Store) write(ctx context.Context, statement string, args ...any) error {
	_, err := within(ctx, func() (struct{}, error) {
		var err error
		for range tries {
			if _, err = s.db.ExecContext(ctx, statement, args...); err == nil || !undone(err) {
				return struct{}{}, err
			}
		}
		return struct{}{}, fmt.Errorf("undone %d times: %w", tries, err)
	})
	return err
}

// undone reports whether the database has undone a statement only because of
// others at the same time. Drivers for PostgreSQL have a method for the code;
// that for MySQL has it in the text.
func undone(err error) bool {
	const serialization, deadlock = "40001", "40P01"
	var coded interface{ SQLState() string }
	if errors.As(err, &coded) {
		return coded.SQLState() == serialization || coded.SQLState() == deadlock
	}
	return strings.HasPrefix(err.Error(), "Error 1213 ")
}

// within calls f, and waits for it no longer than ctx.
func within[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := f()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// failure says what failed, and that it was the context if it has ended, which
// drivers do not always say.
func failure(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	ended := wire.ContextError(ctx)
	switch {
	case ended == nil:
		return fmt.Errorf("sqlstore: %s: %w", what, err)
	case err == ctx.Err():
		return fmt.Errorf("sqlstore: %s: %w", what, ended)
	}
	return fmt.Errorf("sqlstore: %s: %w: %w", what, ended, err)
}
