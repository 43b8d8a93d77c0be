package sqlstore

func sqlite() grammar {
	return grammar{
		quote: `"`,

		// The version comes last: without it the tables are not complete.
		create: []string{
			`CREATE TABLE IF NOT EXISTS {schema} (id INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL)`,
			`CREATE TABLE IF NOT EXISTS {peers} ({definitions})`,
			`INSERT OR IGNORE INTO {schema} (id, version) VALUES (1, 1)`,
		},
		exists: `SELECT COUNT(*) FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?`,

		upsert:   onConflict,
		newValue: "excluded.%s",
		oldValue: "known.%s",
		max:      "MAX",
		min:      "MIN",
	}
}
