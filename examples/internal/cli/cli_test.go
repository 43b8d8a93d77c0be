package cli_test

import (
	"testing"

	"github.com/mailconn/mailconn/examples/internal/cli"
)

// A name server without a port is asked at port 53.
func TestNameServer(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1:53", "192.0.2.1:5353": "192.0.2.1:5353",
		"2001:db8::1": "[2001:db8::1]:53", "[2001:db8::1]:5353": "[2001:db8::1]:5353",
		"": "", "dns.example": "", "192.0.2.1:": "", "192.0.2.1:99999": "", "[2001:db8::1]": "",
	} {
		if got, err := cli.NameServer(text); (err == nil) != (want != "") || err == nil && got.String() != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}
