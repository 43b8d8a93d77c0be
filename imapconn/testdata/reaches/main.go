// This program must not compile: the wrapped client is out of reach.
package main

import "github.com/mailconn/mailconn/imapconn"

func main() {
	var c *imapconn.Client
	c.Client.Login("user", "secret")
	c.Login("user", "secret").Wait()
}
