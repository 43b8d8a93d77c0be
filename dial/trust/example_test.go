package trust_test

import (
	"fmt"

	"github.com/mailconn/mailconn/dial/trust"
)

// In configuration files and logs a method is its name.
func ExampleMethod() {
	var m trust.Method
	fmt.Println(m, m == trust.None)
	fmt.Println(m.UnmarshalText([]byte("pkix")), m)
	// Output:
	// none true
	// <nil> pkix
}
