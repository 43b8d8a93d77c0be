package sqlstore

// postgresql returns the statements for PostgreSQL.
func postgresql() statements {
	return statements{
		exists: `SELECT to_regclass($1) IS NOT NULL`,

		version: `SELECT version FROM {schema} WHERE id = 1`,

		// One statement, so that it is one transaction. The lock is there since
		// two that make the same table at once can both find it missing. The
		// collation is that of the bytes: no update of the system's locales
		// can reorder the index.
		create: []string{`DO $$ BEGIN
	PERFORM pg_advisory_xact_lock(7882826979823083368);
	CREATE TABLE IF NOT EXISTS {peers} (
		protocol    VARCHAR(16)  COLLATE "C" NOT NULL,
		host        VARCHAR(255) COLLATE "C" NOT NULL,
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
	);
	CREATE TABLE IF NOT EXISTS {schema} (
		id      INTEGER NOT NULL PRIMARY KEY,
		version INTEGER NOT NULL
	);
	INSERT INTO {schema} (id, version) VALUES (1, 1) ON CONFLICT DO NOTHING;
END $$`},

		probe: `SELECT {columns} FROM {peers} WHERE 1 = 0`,

		recall: `SELECT {columns} FROM {peers} WHERE protocol = $1 AND host = $2 AND port = $3`,

		// Record.Merge: every expression reads the row as it was before, which
		// this statement holds locked from then on.
		remember: `INSERT INTO {peers} AS known
({columns})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (protocol, host, port) DO UPDATE SET
	policy      = CASE WHEN ` + excludedRule + ` THEN excluded.policy   ELSE known.policy   END,
	verified    = CASE WHEN ` + excludedRule + ` THEN excluded.verified ELSE known.verified END,
	leaf        = CASE WHEN ` + excludedRule + ` THEN excluded.leaf     ELSE known.leaf     END,
	issuer      = CASE WHEN ` + excludedRule + ` THEN excluded.issuer   ELSE known.issuer   END,
	tls_version = GREATEST(known.tls_version, excluded.tls_version),
	mechanisms  = known.mechanisms | excluded.mechanisms,
	lifetime    = GREATEST(known.lifetime, excluded.lifetime),
	first_seen  = LEAST(known.first_seen, excluded.first_seen,
	              CASE WHEN ` + excludedRule + ` THEN excluded.last_seen ELSE known.last_seen END),
	last_seen   = CASE WHEN ` + excludedRule + ` THEN excluded.last_seen ELSE known.last_seen END`,

		forget: `DELETE FROM {peers} WHERE protocol = $1 AND host = $2 AND port = $3`,

		each: `SELECT {columns} FROM {peers} ORDER BY protocol, host, port`,
	}
}

// excludedRule is when the row that is brought counts and the known one does
// not: if it is the later one, or if the known one is by more than a day in the
// future of a session that was verified by certificate, whose clock was right.
// PostgreSQL and SQLite call the row that is brought excluded.
const excludedRule = `(excluded.last_seen >= known.last_seen OR excluded.verified = 'pkix' AND known.last_seen > excluded.last_seen + 86400)`
