package policy_test

import (
	"encoding/json"
	"fmt"

	"github.com/mailconn/mailconn/policy"
)

// A policy in a configuration file is one of four names. Any other name is an
// error. An empty or missing one is the unset policy, which every dial refuses.
func ExamplePolicy_UnmarshalText() {
	var config struct {
		Host   string
		Policy policy.Policy
	}
	err := json.Unmarshal([]byte(`{"host": "mail.example.org", "policy": "implicit-tls"}`), &config)
	fmt.Println(config.Policy, err)
	err = json.Unmarshal([]byte(`{"host": "mail.example.org", "policy": "ssl"}`), &config)
	fmt.Println(err)
	// Output:
	// implicit-tls <nil>
	// policy: unknown policy "ssl": want no-tls, implicit-tls, opportunistic-starttls or required-starttls
}
