// A setting is read.
package main

import (
	"log"

	"github.com/mailconn/mailconn/policy"
)

func main() {
	log.Println(policy.Parse("implicit-tls"))
}
