package sqlstore_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/mailconn/mailconn/dial/peers/sqlstore"
)

// Schema has the statements that an administrator executes for a program that may not
// create tables.
func ExampleSchema() {
	statements, err := sqlstore.Schema(sqlstore.Options{Dialect: sqlstore.MySQL})
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range statements {
		first, _, _ := strings.Cut(s, "\n")
		fmt.Println(first)
	}
	// Output:
	// CREATE TABLE IF NOT EXISTS `mailconn_peers_schema` (id INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL) ENGINE = InnoDB
	// CREATE TABLE IF NOT EXISTS `mailconn_peers` (
	// INSERT IGNORE INTO `mailconn_peers_schema` (id, version) VALUES (1, 1)
}
