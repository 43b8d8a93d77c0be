package legacy_test

import (
	"fmt"

	"github.com/mailconn/mailconn/dial/legacy"
	"github.com/mailconn/mailconn/policy"
)

// A notifier's configuration says smtp_host, smtp_port and use_tls.
func ExampleEndpoint() {
	endpoint, why, err := legacy.Endpoint(legacy.Settings{
		Protocol: policy.Submission, Host: "mail.example.org", Port: 587, TLS: legacy.On,
	})
	fmt.Println(endpoint, err)
	fmt.Println("because", why)

	_, _, err = legacy.Endpoint(legacy.Settings{Protocol: policy.Submission, Host: "mail.example.org", Port: 2525, TLS: legacy.On})
	fmt.Println(err)
	// Output:
	// submission://mail.example.org:587 <nil>
	// because tls is on, and port 587 is registered for required-starttls
	// legacy: tls is on, and port 2525 is not a registered one: say whether TLS begins with the first byte (ssl) or after STARTTLS (starttls)
}
