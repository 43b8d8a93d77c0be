// Package sqltest has no code of its own: its tests run package sqlstore on
// PostgreSQL, MariaDB or MySQL, and SQLite. It is a module of its own, so that
// programs that use mailconn get no database driver with it.
//
// The tests start the servers themselves, from the packages that .ci/databases
// installs, below a temporary directory and on sockets in it. They need Linux.
// A server that is not installed skips its tests, or fails them if
// MAILCONN_SERVERS=required.
package sqltest
