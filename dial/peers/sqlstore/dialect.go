package sqlstore

import (
	"fmt"
	"strings"
)

// Dialect is the SQL that a database speaks. The zero value is none of them,
// and Open refuses it.
type Dialect uint8

// The dialects that the package knows.
const (
	PostgreSQL Dialect = iota + 1
	MySQL              // also MariaDB's
	SQLite
)

// String returns "postgresql", "mysql" or "sqlite".
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

// Schema returns the statements by which Open makes the tables of a store, for
// a database that a program may not make tables in. They can be repeated.
func Schema(o Options) ([]string, error) {
	table, err := tableName(o.Table)
	if err != nil {
		return nil, err
	}
	s, err := o.Dialect.statements(table)
	return s.create, err
}

// columns are those of the table with the peers, in the order of a row's values.
const columns = `protocol, host, port, policy, verified, tls_version, leaf, issuer, mechanisms, first_seen, last_seen, lifetime`

// statements are what a store sends. In the texts of the dialects {peers} and
// {schema} stand for the two tables, and {columns} for those of the first.
type statements struct {
	exists   string   // whether there is a table of a name
	version  string   // the schema's version
	create   []string // both tables; each can be repeated, also by several at once
	probe    string   // no row, of all columns
	recall   string   // by protocol, host and port
	remember string   // with the columns in the order of the table
	forget   string   // by protocol, host and port
	each     string
}

// statements returns what is sent for a table.
func (d Dialect) statements(table string) (statements, error) {
	var s statements
	quote := `"`
	switch d {
	case PostgreSQL:
		s = postgresql()
	case MySQL:
		s, quote = mysql(), "`"
	case SQLite:
		s = sqlite()
	default:
		return s, fmt.Errorf("sqlstore: %v: want PostgreSQL, MySQL or SQLite", d)
	}
	names := strings.NewReplacer("{peers}", quote+table+quote, "{schema}", quote+schemaTable(table)+quote, "{columns}", columns)
	for _, text := range []*string{&s.version, &s.probe, &s.recall, &s.remember, &s.forget, &s.each} {
		*text = names.Replace(*text)
	}
	for i, text := range s.create {
		s.create[i] = names.Replace(text)
	}
	return s, nil
}

// tableName returns the name of the table, which goes into the statements as it
// is, or an error.
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
