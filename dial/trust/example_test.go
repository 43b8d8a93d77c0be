package trust_test

import (
	"fmt"

	"github.com/mailconn/mailconn/dial/trust"
)

// A method is read from and written to configurations and logs by its name.
func ExampleMethod() {
	var m trust.Method
	fmt.Println(m, m == trust.None)
	fmt.Println(m.UnmarshalText([]byte("pkix")), m)
	// Output:
	// none true
	// <nil> pkix
}
