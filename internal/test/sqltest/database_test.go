package sqltest

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	mysqldriver "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"

	"github.com/mailconn/mailconn/dial/peers/sqlstore"
	"github.com/mailconn/mailconn/internal/test/sqltest/servers"
)

// durable makes the databases wait for the disk, as they should, for figures
// that mean something. What the tests look for does not depend on it.
var durable = flag.Bool("durable", false, "wait for the disk")

// database is one that runs, by one driver.
type database struct {
	Dialect sqlstore.Dialect
	Driver  string
	DSN     string // of the source; the network is in it as a Unix socket
	Socket  string // "" for SQLite
}

// open returns a pool, which is closed with the test.
func (d database) open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.Driver, d.DSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

var tables atomic.Int64

// options return those of a new table.
func (d database) options() sqlstore.Options {
	return sqlstore.Options{Dialect: d.Dialect, Table: fmt.Sprintf("peers_%d", tables.Add(1))}
}

// store returns one in a new table, with its pool.
func (d database) store(t testing.TB) (*sqlstore.Store, *sql.DB, sqlstore.Options) {
	t.Helper()
	db, o := d.open(t), d.options()
	return openStore(t, db, o), db, o
}

func openStore(t testing.TB, db *sql.DB, o sqlstore.Options) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), db, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// onAll runs a test on every database by every driver, onEach on every database
// by one.
func onAll(t *testing.T, f func(*testing.T, database)) {
	onServersAll(t, f)
	on(t, "sqlite", sqlite, f)
}

// onServersAll leaves SQLite out.
func onServersAll(t *testing.T, f func(*testing.T, database)) {
	onServers(t, f)
	on(t, "postgresql/pq", func() (database, error) { return postgresql("postgres") }, f)
	on(t, "mysql/interpolated", func() (database, error) { return mysql("&interpolateParams=true") }, f)
}

func onEach(t *testing.T, f func(*testing.T, database)) {
	onServers(t, f)
	on(t, "sqlite", sqlite, f)
}

// onServers leaves SQLite out.
func onServers(t *testing.T, f func(*testing.T, database)) {
	on(t, "postgresql", func() (database, error) { return postgresql("pgx") }, f)
	on(t, "mysql", func() (database, error) { return mysql("") }, f)
}

func on(t *testing.T, name string, start func() (database, error), f func(*testing.T, database)) {
	t.Run(name, func(t *testing.T) { f(t, started(t, start)) })
}

// started returns a database. Without its server the test is skipped, or fails
// if MAILCONN_SERVERS=required.
func started(t testing.TB, start func() (database, error)) database {
	t.Helper()
	d, err := start()
	switch {
	case errors.Is(err, servers.ErrMissing) && os.Getenv("MAILCONN_SERVERS") != "required":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	return d
}

// The servers are started once for all tests, when the first needs them.
var (
	postgresqlServer = sync.OnceValues(func() (*servers.Server, error) { return servers.PostgreSQL(*durable) })
	mysqlServer      = sync.OnceValues(mysqlWithDatabase)
	sqliteDir        = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "mailconn-sql-") })
	stops            []func()
	stopsMu          sync.Mutex
)

func postgresql(driver string) (database, error) {
	s, err := postgresqlServer()
	if err != nil {
		return database{}, err
	}
	atEnd(s.Stop)
	return database{sqlstore.PostgreSQL, driver, "host=" + s.Dir + " user=mailconn dbname=postgres sslmode=disable", s.Socket}, nil
}

func mysql(parameters string) (database, error) {
	s, err := mysqlServer()
	if err != nil {
		return database{}, err
	}
	atEnd(s.Stop)
	return database{sqlstore.MySQL, "mysql", "root@unix(" + s.Socket + ")/mailconn?" + strings.TrimPrefix(parameters, "&"), s.Socket}, nil
}

func mysqlWithDatabase() (*servers.Server, error) {
	mysqldriver.SetLogger(&mysqldriver.NopLogger{}) // of connections that tests cut
	s, err := servers.MariaDB(*durable)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("mysql", "root@unix("+s.Socket+")/")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	_, err = db.ExecContext(context.Background(), "CREATE DATABASE mailconn")
	return s, err
}

func sqlite() (database, error) {
	dir, err := sqliteDir()
	if err != nil {
		return database{}, err
	}
	atEnd(func() { os.RemoveAll(dir) })
	dsn := "file:" + filepath.Join(dir, "peers.db") + "?_pragma=busy_timeout(60000)&_pragma=journal_mode(wal)"
	if !*durable {
		dsn += "&_pragma=synchronous(off)"
	}
	return database{sqlstore.SQLite, "sqlite", dsn, ""}, nil
}

// atEnd calls f when all tests have ended; more than once does no harm.
func atEnd(f func()) {
	stopsMu.Lock()
	defer stopsMu.Unlock()
	stops = append(stops, f)
}

func stopServers() {
	for _, f := range stops {
		f()
	}
}
