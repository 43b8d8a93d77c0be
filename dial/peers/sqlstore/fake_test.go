package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
)

// fake is a driver and its database. It logs statements and answers them with rows. A
// row whose first value is an error ends the rows with it. The driver ignores contexts.
type fake struct {
	mu     sync.Mutex
	log    strings.Builder
	answer func(statement string) ([][]driver.Value, error)
}

func (f *fake) open(t *testing.T) *sql.DB {
	db := sql.OpenDB(f)
	t.Cleanup(func() { db.Close() })
	return db
}

func (f *fake) set(answer func(string) ([][]driver.Value, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

// String returns the log.
func (f *fake) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.log.String()
}

func (f *fake) ask(statement string, args []driver.Value) ([][]driver.Value, error) {
	f.mu.Lock()
	fmt.Fprintf(&f.log, "%s;\n", statement)
	if len(args) > 0 {
		fmt.Fprintf(&f.log, "-- %v\n", args)
	}
	f.log.WriteByte('\n')
	answer := f.answer
	f.mu.Unlock()
	return answer(statement)
}

func (f *fake) Connect(context.Context) (driver.Conn, error) { return fakeConn{f}, nil }
func (f *fake) Driver() driver.Driver                        { return nil }

type fakeConn struct{ *fake }

func (c fakeConn) Prepare(text string) (driver.Stmt, error) { return fakeStmt{c.fake, text}, nil }
func (c fakeConn) Begin() (driver.Tx, error)                { return nil, errors.New("no transactions") }
func (c fakeConn) Close() error                             { return nil }

type fakeStmt struct {
	*fake
	text string
}

func (s fakeStmt) Close() error  { return nil }
func (s fakeStmt) NumInput() int { return -1 }

func (s fakeStmt) Exec(args []driver.Value) (driver.Result, error) {
	_, err := s.ask(s.text, args)
	return driver.RowsAffected(1), err
}

func (s fakeStmt) Query(args []driver.Value) (driver.Rows, error) {
	rows, err := s.ask(s.text, args)
	r := &fakeRows{left: rows}
	if len(rows) > 0 {
		r.columns = make([]string, len(rows[0]))
	}
	return r, err
}

type fakeRows struct {
	columns []string
	left    [][]driver.Value
}

func (r *fakeRows) Columns() []string { return r.columns }
func (r *fakeRows) Close() error      { return nil }

func (r *fakeRows) Next(to []driver.Value) error {
	if len(r.left) == 0 {
		return io.EOF
	}
	row := r.left[0]
	r.left = r.left[1:]
	if err, broken := row[0].(error); broken {
		return err
	}
	copy(to, row)
	return nil
}
