package servers

import (
	"path/filepath"
	"strings"
)

// MariaDB starts MariaDB, or else MySQL, whose user root needs no password. It
// has its default collations, which do not tell upper case from lower, and no
// databases. For durable see PostgreSQL.
func MariaDB(durable bool) (*Server, error) {
	daemon, err := find("mariadbd", "mysqld")
	if err != nil {
		return nil, err
	}
	dir, err := directory("mysql")
	if err != nil {
		return nil, err
	}
	data, socket := filepath.Join(dir, "data"), filepath.Join(dir, "sock")
	if err := installDB(dir, data, daemon); err != nil {
		return nil, err
	}
	flush := "--innodb-flush-log-at-trx-commit=0"
	if durable {
		flush = "--innodb-flush-log-at-trx-commit=1"
	}
	s, err := start(dir, "mysql", "ready for connections", daemon, "--no-defaults", "--datadir="+data, "--socket="+socket,
		"--skip-networking", "--pid-file="+filepath.Join(dir, "pid"), "--max-connections=300", flush)
	if err != nil {
		return nil, err
	}
	s.Socket = socket
	return s, nil
}

func installDB(dir, data, daemon string) error {
	if !strings.HasSuffix(daemon, "mariadbd") {
		return run(dir, "mysql", daemon, "--no-defaults", "--initialize-insecure", "--datadir="+data)
	}
	install, err := find("mariadb-install-db")
	if err != nil {
		return err
	}
	return run(dir, "mysql", install, "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal",
		"--skip-test-db", "--skip-name-resolve")
}
