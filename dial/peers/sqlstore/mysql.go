package sqlstore

// mysql returns the statements for MySQL and MariaDB.
func mysql() statements {
	return statements{
		exists: `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?`,

		version: `SELECT version FROM {schema} WHERE id = 1`,

		// The version comes last: without it the making was not finished, since
		// each of these is a transaction of its own. The collation is said
		// because most of MySQL's take upper case for lower, and the engine
		// because not every one can undo half a statement.
		create: []string{`CREATE TABLE IF NOT EXISTS {schema} (
	id      INTEGER NOT NULL PRIMARY KEY,
	version INTEGER NOT NULL
) ENGINE = InnoDB`, `CREATE TABLE IF NOT EXISTS {peers} (
	protocol    VARCHAR(16)  NOT NULL,
	host        VARCHAR(255) NOT NULL,
	port        INTEGER      NOT NULL,
	policy      VARCHAR(32)  NOT NULL,
	verified    VARCHAR(16)  NOT NULL,
	tls_version INTEGER      NOT NULL,
	leaf        VARCHAR(64)  NOT NULL,
	issuer      VARCHAR(64)  NOT NULL,
	mechanisms  BIGINT       NOT NULL,
	first_seen  BIGINT       NOT NULL,
	last_seen   BIGINT       NOT NULL,
	lifetime    BIGINT       NOT NULL,
	PRIMARY KEY (protocol, host, port)
) ENGINE = InnoDB CHARACTER SET ascii COLLATE ascii_bin`, `INSERT IGNORE INTO {schema} (id, version) VALUES (1, 1)`},

		probe: `SELECT {columns} FROM {peers} WHERE 1 = 0`,

		recall: `SELECT {columns} FROM {peers} WHERE protocol = ? AND host = ? AND port = ?`,

		// Record.Merge. An assignment here sees what those above it have done.
		// Those that depend on another column ask for last_seen alone, which
		// comes last; each of the rest only for its own. VALUES() is what MySQL
		// and MariaDB both know for the row that is brought.
		remember: `INSERT INTO {peers}
({columns})
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON DUPLICATE KEY UPDATE
	policy      = IF(` + valuesRule + `, VALUES(policy),   policy),
	verified    = IF(` + valuesRule + `, VALUES(verified), verified),
	leaf        = IF(` + valuesRule + `, VALUES(leaf),     leaf),
	issuer      = IF(` + valuesRule + `, VALUES(issuer),   issuer),
	tls_version = GREATEST(tls_version, VALUES(tls_version)),
	mechanisms  = mechanisms | VALUES(mechanisms),
	lifetime    = GREATEST(lifetime, VALUES(lifetime)),
	first_seen  = LEAST(first_seen, VALUES(first_seen), IF(` + valuesRule + `, VALUES(last_seen), last_seen)),
	last_seen   = IF(` + valuesRule + `, VALUES(last_seen), last_seen)`,

		forget: `DELETE FROM {peers} WHERE protocol = ? AND host = ? AND port = ?`,

		each: `SELECT {columns} FROM {peers} ORDER BY protocol, host, port`,
	}
}

// valuesRule is excludedRule as MySQL has it.
const valuesRule = `(VALUES(last_seen) >= last_seen OR VALUES(verified) = 'pkix' AND last_seen > VALUES(last_seen) + 86400)`
