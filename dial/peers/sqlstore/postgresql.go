package sqlstore

func postgresql() grammar {
	return grammar{
		quote:    `"`,
		numbered: true,
		collate:  ` COLLATE "C"`, // by bytes: an update of the system's locales does not break the index

		// One statement, and so one transaction. The lock is needed because two
		// programs that create the same table at once can both find it missing.
		create: []string{`DO $$ BEGIN
PERFORM pg_advisory_xact_lock(7882826979823083368);
CREATE TABLE IF NOT EXISTS {peers} ({definitions});
CREATE TABLE IF NOT EXISTS {schema} (id INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL);
INSERT INTO {schema} (id, version) VALUES (1, 1) ON CONFLICT DO NOTHING;
END $$`},
		exists: `SELECT to_regclass(?) IS NOT NULL`,

		upsert:   onConflict,
		newValue: "excluded.%s",
		oldValue: "known.%s",
		max:      "GREATEST",
		min:      "LEAST",
	}
}
