package servers

import (
	"fmt"
	"path/filepath"
)

// PostgreSQL starts a server with a superuser and a database named mailconn,
// who needs no password. Unless it is to be durable it does not wait for the
// disk, which only matters when the machine fails.
func PostgreSQL(durable bool) (*Server, error) {
	initdb, err := find("initdb")
	if err != nil {
		return nil, err
	}
	dir, err := directory("postgres")
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	err = run(dir, "postgres", initdb, "-D", data, "-U", "mailconn", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	if err != nil {
		return nil, err
	}
	s, err := start(dir, "postgres", "ready to accept connections", filepath.Join(filepath.Dir(initdb), "postgres"),
		"-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "max_connections=300", "-c", "logging_collector=off",
		"-c", fmt.Sprintf("fsync=%t", durable))
	if err != nil {
		return nil, err
	}
	s.Socket = filepath.Join(dir, ".s.PGSQL.5432")
	return s, nil
}
