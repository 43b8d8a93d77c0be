// Package sqlstore is a [peers.Store] in a database that many machines share,
// so that a server which one of them has met is held to its TLS by all.
//
// It needs a driver for database/sql, which the program imports, and a table
// that Open makes:
//
//	db, err := sql.Open("pgx", "postgres://mail@db.example.org/mail")
//	...
//	store, err := sqlstore.Open(ctx, db, sqlstore.Options{Dialect: sqlstore.PostgreSQL})
//	...
//	dialer := dial.Dialer{Peers: store}
//
// # What it promises
//
// A row is only ever tightened, whoever writes it at the same time: the rule of
// [peers.Record.Merge] is part of the one statement that Remember sends, and the
// database holds the row while it applies it. There is no moment between
// reading and writing for another machine to come into, and no transaction that
// is left open. A statement whose connection is lost was carried out as a whole
// or not at all, and to send it again changes nothing.
//
// Times are kept as whole seconds, in UTC. What Remember returns nil for can be
// read by every connection to the same database; a replica that lags behind is
// another database, and a weaker memory.
//
// # What the databases need
//
// PostgreSQL 9.5 or later. The table is looked for, and made, where the search
// path of the connection says. Every isolation level will do; above READ
// COMMITTED the database may undo a statement for the sake of another, which
// Remember and Forget then send again, twenty times at most in all.
//
// MySQL 5.7 or later, MariaDB 10.2 or later, with InnoDB. A deadlock is dealt
// with in the same way.
//
// SQLite 3.24 or later. For a file that several connections or processes use,
// set a busy timeout in the name of the data source, or a call fails when
// another is writing. A database in memory belongs to one connection: limit the
// pool to it with SetMaxOpenConns(1).
package sqlstore
