package sqlstore

import (
	"fmt"
	"strings"
)

// columns are the columns of the table of peers, in the order of a row's values.
const columns = `protocol, host, port, policy, verified, tls_version, leaf, issuer, mechanisms, first_seen, last_seen, lifetime`

// definitions are the definitions of the columns.
const definitions = `
	protocol    VARCHAR(16){collate} NOT NULL,
	host        VARCHAR(255){collate} NOT NULL,
	port        INTEGER NOT NULL,
	policy      VARCHAR(32) NOT NULL,
	verified    VARCHAR(16) NOT NULL,
	tls_version INTEGER NOT NULL,
	leaf        VARCHAR(64) NOT NULL,
	issuer      VARCHAR(64) NOT NULL,
	mechanisms  BIGINT NOT NULL,
	first_seen  BIGINT NOT NULL,
	last_seen   BIGINT NOT NULL,
	lifetime    BIGINT NOT NULL,
	PRIMARY KEY (protocol, host, port)
`

// statements are the statements of a store.
type statements struct {
	create   []string // both tables
	exists   string   // reports whether there is a table with a name
	version  string   // returns the version of the schema
	probe    string   // returns no row, with all columns
	recall   string   // returns the row of a protocol, host and port
	remember string   // merges a row
	forget   string   // deletes the row of a protocol, host and port
	each     string   // returns all rows
}

// statements returns the statements for a table.
func (d Dialect) statements(table string) (statements, error) {
	g, err := d.grammar()
	if err != nil {
		return statements{}, err
	}
	s := statements{
		create:   g.create,
		exists:   g.exists,
		version:  `SELECT version FROM {schema} WHERE id = 1`,
		probe:    `SELECT {columns} FROM {peers} WHERE 1 = 0`,
		recall:   `SELECT {columns} FROM {peers} WHERE protocol = ? AND host = ? AND port = ?`,
		remember: g.remember(),
		forget:   `DELETE FROM {peers} WHERE protocol = ? AND host = ? AND port = ?`,
		each:     `SELECT {columns} FROM {peers} ORDER BY protocol, host, port`,
	}
	for _, text := range []*string{&s.exists, &s.version, &s.probe, &s.recall, &s.remember, &s.forget, &s.each} {
		*text = g.rewrite(*text, table)
	}
	for i, text := range s.create {
		s.create[i] = g.rewrite(text, table)
	}
	return s, nil
}

// merge is [peers.Record.Merge] in SQL. In MySQL an assignment uses the results of
// those before it: so last_seen, which the others use, comes last.
const merge = `
	policy      = CASE WHEN {later} THEN new.policy   ELSE old.policy   END,
	verified    = CASE WHEN {later} THEN new.verified ELSE old.verified END,
	leaf        = CASE WHEN {later} THEN new.leaf     ELSE old.leaf     END,
	issuer      = CASE WHEN {later} THEN new.issuer   ELSE old.issuer   END,
	tls_version = {max}(old.tls_version, new.tls_version),
	mechanisms  = old.mechanisms | new.mechanisms,
	lifetime    = {max}(old.lifetime, new.lifetime),
	first_seen  = {min}(old.first_seen, new.first_seen, CASE WHEN {later} THEN new.last_seen ELSE old.last_seen END),
	last_seen   = CASE WHEN {later} THEN new.last_seen ELSE old.last_seen END`

// later is true if the new row replaces the old one: it is the later one, or the old
// one is more than a day in the future of a session that was verified by certificate,
// whose clock was right.
const later = `(new.last_seen >= old.last_seen OR new.verified = 'pkix' AND old.last_seen > new.last_seen + 86400)`

// remember returns the statement that merges a row, with the parameters in the order
// of columns. Merging is part of the one statement, which locks the row.
func (g grammar) remember() string {
	set := strings.NewReplacer("{later}", later, "{max}", g.max, "{min}", g.min).Replace(merge)
	for _, c := range strings.Split(columns, ", ") {
		set = strings.ReplaceAll(set, "new."+c, fmt.Sprintf(g.newValue, c))
		set = strings.ReplaceAll(set, "old."+c, fmt.Sprintf(g.oldValue, c))
	}
	n := strings.Count(columns, ",") + 1
	values := strings.TrimSuffix(strings.Repeat("?, ", n), ", ")
	return strings.NewReplacer("{values}", values, "{merge}", set).Replace(g.upsert)
}
