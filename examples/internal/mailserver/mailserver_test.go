package mailserver

import (
	"runtime"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
)

func TestServers(t *testing.T) {
	before := runtime.NumGoroutine()
	srv, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	d := dial.Dialer{TLSConfig: srv.ClientConfig()}
	for _, p := range []policy.Protocol{policy.Submission, policy.IMAP, policy.POP3} {
		for _, how := range []policy.Policy{policy.RequiredSTARTTLS, policy.ImplicitTLS} {
			conn, err := d.Dial(t.Context(), srv.Endpoint(p, how))
			if err != nil {
				t.Errorf("%v, %v: %v", p, how, err)
				continue
			}
			defer conn.Close() // after the server, which has to end it by itself
		}
	}
	srv.Close()
	for end := time.Now().Add(2 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines before, %d after", before, runtime.NumGoroutine())
		}
	}
}
