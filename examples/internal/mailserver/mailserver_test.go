package mailserver

import (
	"runtime"
	"testing"

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
	for n := 0; runtime.NumGoroutine() > before && n < 1_000_000; n++ {
		runtime.Gosched() // those that are about to end may do so
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}
