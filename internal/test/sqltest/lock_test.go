package sqltest

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/peers/sqlstore"
)

// lock holds the row of peer 0, which with SQLite is the whole file, until
// release is called.
func lock(t *testing.T, d database, db *sql.DB, o sqlstore.Options) (release func()) {
	t.Helper()
	c, err := db.Conn(t.Context())
	check(t, err)
	begin := "BEGIN"
	if d.Dialect == sqlstore.SQLite {
		begin = "BEGIN IMMEDIATE"
	}
	_, err = c.ExecContext(t.Context(), begin)
	check(t, err)
	_, err = c.ExecContext(t.Context(), "UPDATE "+o.Table+" SET lifetime = lifetime + 1 WHERE host = '"+peer(0).Host+"'")
	check(t, err)
	return func() {
		c.ExecContext(context.Background(), "ROLLBACK")
		c.Close()
	}
}

// A call that waits for a row which another transaction holds ends with its
// context, and not before.
func TestLockedRow(t *testing.T) {
	onAll(t, func(t *testing.T, d database) {
		s, db, o := d.store(t)
		a := attempt{before: random(t).record(), seen: random(t).record(), failed: true}
		check(t, s.Remember(t.Context(), peer(0), a.before))
		release := lock(t, d, db, o)
		defer release()
		for what, f := range map[string]func(context.Context) error{
			"remember": func(ctx context.Context) error { return s.Remember(ctx, peer(0), a.seen) },
			"forget":   func(ctx context.Context) error { return s.Forget(ctx, peer(0)) },
		} {
			cause := errors.New("enough")
			began := time.Now()
			ctx, cancel := context.WithTimeoutCause(t.Context(), soon, cause)
			defer cancel()
			err := f(ctx)
			if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, cause) {
				t.Errorf("%s: %v", what, err)
			}
			if took := time.Since(began); took < soon || took > 20*soon {
				t.Errorf("%s took %v", what, took)
			}
		}
		if _, err := s.Recall(t.Context(), peer(0)); err != nil {
			t.Errorf("reading waits for a writer: %v", err)
		}
	})
}

// holder is a machine that holds SQLite's file until it is told to let go.
func holder(db *sql.DB, _ *sqlstore.Store, in *bufio.Reader) error {
	ctx := context.Background()
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	fmt.Println("held")
	in.ReadBytes('\n')
	_, err = c.ExecContext(ctx, "COMMIT")
	return err
}

// With a busy timeout a writer waits for one of another process.
func TestBusy(t *testing.T) {
	on(t, "sqlite", sqlite, func(t *testing.T, d database) {
		s, _, o := d.store(t)
		r := random(t).record()
		m := machineOf(t, "holder", order{d, o})
		_, err := m.hear()
		check(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		defer cancel()
		if err := s.Remember(ctx, peer(0), r); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("while another process writes: %v", err)
		}
		done := make(chan error, 1)
		go func() { done <- s.Remember(t.Context(), peer(0), r) }()
		fmt.Fprintln(m.in)
		check(t, <-done)
	})
}

// Where the database undoes statements for the sake of others, they are sent
// again.
func TestSerializable(t *testing.T) {
	for _, level := range []string{"repeatable read", "serializable"} {
		for _, driver := range []string{"pgx", "postgres"} {
			on(t, level+"/"+driver, func() (database, error) { return postgresql(driver) }, func(t *testing.T, d database) {
				d.DSN += " default_transaction_isolation='" + level + "'"
				manyWriters(t, d)
			})
		}
	}
}
