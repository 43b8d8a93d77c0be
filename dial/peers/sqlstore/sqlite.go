package sqlstore

// sqlite returns the statements for SQLite, which speaks PostgreSQL's INSERT
// and calls its functions MAX and MIN.
func sqlite() statements {
	return statements{
		exists: `SELECT COUNT(*) FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?`,

		version: `SELECT version FROM {schema} WHERE id = 1`,

		// The version comes last: without it the making was not finished. Text
		// compares by its bytes.
		create: []string{`CREATE TABLE IF NOT EXISTS {schema} (
	id      INTEGER NOT NULL PRIMARY KEY,
	version INTEGER NOT NULL
)`, `CREATE TABLE IF NOT EXISTS {peers} (
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
)`, `INSERT OR IGNORE INTO {schema} (id, version) VALUES (1, 1)`},

		probe: `SELECT {columns} FROM {peers} WHERE 1 = 0`,

		recall: `SELECT {columns} FROM {peers} WHERE protocol = ? AND host = ? AND port = ?`,

		// Record.Merge: every expression reads the row as it was before. The
		// statement is the only writer of the whole file while it runs.
		remember: `INSERT INTO {peers} AS known
({columns})
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (protocol, host, port) DO UPDATE SET
	policy      = CASE WHEN ` + excludedRule + ` THEN excluded.policy   ELSE known.policy   END,
	verified    = CASE WHEN ` + excludedRule + ` THEN excluded.verified ELSE known.verified END,
	leaf        = CASE WHEN ` + excludedRule + ` THEN excluded.leaf     ELSE known.leaf     END,
	issuer      = CASE WHEN ` + excludedRule + ` THEN excluded.issuer   ELSE known.issuer   END,
	tls_version = MAX(known.tls_version, excluded.tls_version),
	mechanisms  = known.mechanisms | excluded.mechanisms,
	lifetime    = MAX(known.lifetime, excluded.lifetime),
	first_seen  = MIN(known.first_seen, excluded.first_seen,
	              CASE WHEN ` + excludedRule + ` THEN excluded.last_seen ELSE known.last_seen END),
	last_seen   = CASE WHEN ` + excludedRule + ` THEN excluded.last_seen ELSE known.last_seen END`,

		forget: `DELETE FROM {peers} WHERE protocol = ? AND host = ? AND port = ?`,

		each: `SELECT {columns} FROM {peers} ORDER BY protocol, host, port`,
	}
}
