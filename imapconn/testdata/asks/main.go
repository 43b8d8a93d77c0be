// This program compiles: it asks for the wrapped client by its loud name.
package main

import "github.com/mailconn/mailconn/imapconn"

func main() {
	var c *imapconn.Client
	c.InsecureClient().Login("user", "secret").Wait()
}
