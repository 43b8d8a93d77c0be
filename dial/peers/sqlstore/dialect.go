package sqlstore

import (
	"fmt"
	"strconv"
	"strings"
)

// Dialect is the SQL dialect of a database. The zero value is no dialect, and Open
// refuses it.
type Dialect uint8

// The dialects that the package knows.
const (
	PostgreSQL Dialect = iota + 1
	MySQL              // also for MariaDB
	SQLite
)

// String returns "postgresql", "mysql" or "sqlite", and "dialect(n)" for any other
// value n.
func (d Dialect) String() string {
	switch d {
	case PostgreSQL:
		return "postgresql"
	case MySQL:
		return "mysql"
	case SQLite:
		return "sqlite"
	}
	return fmt.Sprintf("dialect(%d)", uint8(d))
}

// grammar has what differs between the dialects. In its statements {peers} and {schema}
// stand for the two tables of a store, and {definitions} for the columns of the first.
type grammar struct {
	quote    string // encloses the name of a table
	numbered bool   // parameters are $1, $2 and so on, and not ?
	collate  string // of the text columns of the primary key

	// create makes both tables. Each statement can be repeated, also by several
	// programs at once.
	create []string
	exists string // reports whether there is a table with a name

	upsert             string // makes an INSERT change the row if there is one
	newValue, oldValue string // formats of a column of the inserted row, and of the old one
	max, min           string // functions
}

// onConflict is the upsert of PostgreSQL and of SQLite.
const onConflict = `INSERT INTO {peers} AS known
({columns})
VALUES ({values})
ON CONFLICT (protocol, host, port) DO UPDATE SET{merge}`

func (d Dialect) grammar() (grammar, error) {
	switch d {
	case PostgreSQL:
		return postgresql(), nil
	case MySQL:
		return mysql(), nil
	case SQLite:
		return sqlite(), nil
	}
	return grammar{}, fmt.Errorf("sqlstore: %v: want PostgreSQL, MySQL or SQLite", d)
}

// rewrite translates a statement: the names of the tables, and the parameters, which
// are ? in all statements of this package.
func (g grammar) rewrite(statement, table string) string {
	if g.numbered {
		parts := strings.Split(statement, "?")
		for i := range parts[1:] {
			parts[i] += "$" + strconv.Itoa(i+1)
		}
		statement = strings.Join(parts, "")
	}
	names := []string{
		"{peers}", g.quote + table + g.quote,
		"{schema}", g.quote + schemaTable(table) + g.quote,
		"{definitions}", strings.ReplaceAll(definitions, "{collate}", g.collate),
		"{columns}", columns,
	}
	return strings.NewReplacer(names...).Replace(statement)
}

// schemaTable returns the name of the table that has the version of the schema.
func schemaTable(table string) string { return table + "_schema" }
