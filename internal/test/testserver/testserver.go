// Package testserver starts servers of package dialtest that end with the test.
package testserver

import (
	"testing"

	"github.com/mailconn/mailconn/dial/dialtest"
)

// Start starts a server. A server that does not start ends the test.
func Start(t testing.TB, c dialtest.Config) *dialtest.Server {
	t.Helper()
	s, err := dialtest.NewServer(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}
