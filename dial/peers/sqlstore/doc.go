// Package sqlstore has a [peers.Store] in a database that many machines share: a
// server that one of them has connected to is held to its TLS by all.
//
// The program imports a driver for database/sql. Open creates the tables:
//
//	db, err := sql.Open("pgx", "postgres://mail@db.example.org/mail")
//	...
//	store, err := sqlstore.Open(ctx, db, sqlstore.Options{Dialect: sqlstore.PostgreSQL})
//	...
//	dialer := dial.Dialer{Peers: store}
//
// # Guarantees
//
// A record never becomes weaker, also if several machines write it at the same time.
// Remember sends one statement, which applies the rule of [peers.Record.Merge] while
// the database holds the row locked. Nothing can change the row between reading and
// writing it, and no transaction is left open. If the connection is lost, the
// statement was executed as a whole or not at all, and sending it again changes
// nothing.
//
// Times are kept in UTC, in whole seconds. Once Remember has returned nil, every
// connection to the same database sees the record. A replica that lags behind does
// not, and is a weaker store.
//
// # Databases
//
// PostgreSQL 9.5 or later. The tables are searched and created in the search path of
// the connection. Every isolation level works. Above READ COMMITTED the database may
// roll a statement back because of a concurrent one. Then Remember and Forget send it
// again, twenty times at most.
//
// MySQL 5.7 or later, and MariaDB 10.2 or later, with InnoDB. After a deadlock Remember
// and Forget send the statement again, twenty times at most.
//
// SQLite 3.24 or later. If several connections or processes use the file, set a busy
// timeout in the name of the data source. Without it a call fails while another
// connection writes. A database in memory belongs to one connection: limit the pool
// with SetMaxOpenConns(1).
package sqlstore
