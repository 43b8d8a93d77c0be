package sqltest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/sqlstore"
)

func execute(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// Many may be the first to open a store.
func TestOpenAtOnce(t *testing.T) {
	onAll(t, func(t *testing.T, d database) {
		db, o := d.open(t), d.options()
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if _, err := sqlstore.Open(t.Context(), db, o); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		openStore(t, db, o)
	})
}

// Tables of another version are refused and left as they are; those that Open
// has not finished it finishes; what was in them is kept.
func TestSchema(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage []string // with the table's name for %s
		found  int      // -1: opened
	}{
		{"as it was", nil, -1},
		{"not finished", []string{"DELETE FROM %s_schema"}, -1},
		{"older", []string{"DROP TABLE %s_schema", "ALTER TABLE %s DROP COLUMN lifetime"}, 0},
		{"newer", []string{"UPDATE %s_schema SET version = 2"}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, d database) {
				s, db, o := d.store(t)
				r := random(t).record()
				check(t, s.Remember(t.Context(), peer(0), r))
				for _, statement := range c.damage {
					execute(t, db, fmt.Sprintf(statement, o.Table))
				}
				s, err := sqlstore.Open(t.Context(), db, o)
				var schema *sqlstore.SchemaError
				switch {
				case c.found < 0:
					check(t, err)
					attempt{before: r, seen: r}.check(t, s, 0)
				case !errors.As(err, &schema) || schema.Found != c.found || schema.Table != o.Table:
					t.Errorf("got %v", err)
				default:
					t.Log(err)
				}
				var rows int
				check(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+o.Table).Scan(&rows))
				if rows != 1 {
					t.Errorf("%d rows are left", rows)
				}
			})
		})
	}
}

// A table that lacks a column though its version is right is found at Open, not
// at the first dial.
func TestLostColumn(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		_, db, o := d.store(t)
		execute(t, db, "ALTER TABLE "+o.Table+" DROP COLUMN lifetime")
		if _, err := sqlstore.Open(t.Context(), db, o); err == nil || !strings.Contains(err.Error(), "lifetime") {
			t.Errorf("got %v", err)
		}
	})
}

// A program that may read and write but not make tables can use those that
// another user has made.
func TestWithoutTheRightToCreate(t *testing.T) {
	onServers(t, func(t *testing.T, d database) {
		db, o, other := d.open(t), d.options(), d.options()
		statements, err := sqlstore.Schema(o)
		check(t, err)
		for _, s := range append(statements, statements...) { // they can be repeated
			execute(t, db, s)
		}
		clerk := d
		if d.Dialect == sqlstore.MySQL {
			clerk.DSN = strings.Replace(d.DSN, "root@", "clerk@", 1)
			execute(t, db, "CREATE USER clerk@localhost")
			execute(t, db, "GRANT SELECT, INSERT, UPDATE, DELETE ON mailconn.* TO clerk@localhost")
		} else {
			clerk.DSN = strings.Replace(d.DSN, "user=mailconn", "user=clerk", 1)
			execute(t, db, "CREATE ROLE clerk LOGIN")
			execute(t, db, "GRANT SELECT ON "+o.Table+"_schema TO clerk")
			execute(t, db, "GRANT SELECT, INSERT, UPDATE, DELETE ON "+o.Table+" TO clerk")
		}
		s := openStore(t, clerk.open(t), o)
		r := random(t).record()
		check(t, s.Remember(t.Context(), peer(0), r))
		attempt{before: r, seen: r}.check(t, s, 0)
		check(t, s.Forget(t.Context(), peer(0)))
		if _, err := sqlstore.Open(t.Context(), clerk.open(t), other); err == nil {
			t.Error("made tables without the right to")
		} else {
			t.Log(err)
		}
	})
}

// A server that is down, or that never answers, is an error of Open, which ends
// with its context.
func TestServerDown(t *testing.T) {
	onServersAll(t, func(t *testing.T, d database) {
		down := network(t, d.Socket)
		far := through(down, d)
		down.Close()
		if _, err := sqlstore.Open(t.Context(), far.open(t), d.options()); err == nil {
			t.Error("opened though nothing listens")
		} else {
			t.Log(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		defer cancel()
		mute := d
		mute.DSN = strings.Replace(far.DSN, port(down.Addr()), silent(t), 1)
		if _, err := sqlstore.Open(ctx, mute.open(t), d.options()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("no answer: %v", err)
		}
	})
}

func TestCanceled(t *testing.T) {
	onAll(t, func(t *testing.T, d database) {
		s, db, o := d.store(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, recall := s.Recall(ctx, peer(0))
		_, open := sqlstore.Open(ctx, db, o)
		for what, err := range map[string]error{
			"open": open, "recall": recall, "remember": s.Remember(ctx, peer(0), random(t).record()), "forget": s.Forget(ctx, peer(0)),
			"each": s.Each(ctx, func(peers.Peer, peers.Record) error { return nil }),
		} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}
