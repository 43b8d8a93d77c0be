package sqlstore

// mysql returns the grammar of MySQL and MariaDB.
func mysql() grammar {
	return grammar{
		quote: "`",

		// Each statement is a transaction of its own. The version comes last: without
		// it the tables are not complete. The engine is named because not every engine
		// can undo half a statement, and the collation because most collations ignore
		// case.
		create: []string{
			`CREATE TABLE IF NOT EXISTS {schema} (id INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL) ENGINE = InnoDB`,
			`CREATE TABLE IF NOT EXISTS {peers} ({definitions}) ENGINE = InnoDB CHARACTER SET ascii COLLATE ascii_bin`,
			`INSERT IGNORE INTO {schema} (id, version) VALUES (1, 1)`,
		},
		exists: `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?`,

		upsert: `INSERT INTO {peers}
({columns})
VALUES ({values})
ON DUPLICATE KEY UPDATE{merge}`,
		newValue: "VALUES(%s)", // MariaDB does not have MySQL's newer alias of the row
		oldValue: "%s",
		max:      "GREATEST",
		min:      "LEAST",
	}
}
