package moving_test

import (
	"fmt"

	"github.com/mailconn/mailconn/dial/legacy"
	"github.com/mailconn/mailconn/policy"
)

// From "ssl: true, starttls: true" in a configuration file. Package legacy reads such
// settings, and refuses those that may mean two things. A new configuration has the URL
// of the endpoint.
func Example_booleans() {
	for _, s := range []legacy.Settings{
		{Port: 465, TLS: legacy.On},
		{Port: 587, TLS: legacy.On},
		{Port: 587, STARTTLS: legacy.On},
		{Port: 2525, TLS: legacy.On},
		{Port: 587, TLS: legacy.On, SkipVerify: legacy.On},
	} {
		s.Protocol, s.Host = policy.Submission, "mail.example.org"
		endpoint, why, err := legacy.Endpoint(s)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(endpoint, "because", why)
	}
	// Output:
	// submissions://mail.example.org:465 because tls is on, and port 465 is registered for implicit-tls
	// submission://mail.example.org:587 because tls is on, and port 587 is registered for required-starttls
	// submission://mail.example.org:587 because starttls is on
	// legacy: tls is on, and port 2525 is not a registered one: say whether TLS begins with the first byte (ssl) or after STARTTLS (starttls)
	// legacy: a certificate that is not checked protects from nothing: trust the server's CA in TLSConfig.RootCAs, pin its key with dial.Pin, or say InsecureUnverified on the credentials of a test bed
}
