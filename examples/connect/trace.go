package main

import (
	"crypto/tls"
	"fmt"
	"io"

	"github.com/mailconn/mailconn/dial"
)

// traceTo returns hooks that write to w how the connection comes about.
func traceTo(w io.Writer) *dial.Trace {
	return &dial.Trace{
		PhaseStart: func(_ dial.Endpoint, p dial.Phase) {
			fmt.Fprintf(w, "-- %s\n", p)
		},
		PhaseDone: func(_ dial.Endpoint, p dial.Phase, err error) {
			if err != nil {
				fmt.Fprintf(w, "-- %s failed\n", p)
			}
		},
		Decided: func(_ dial.Endpoint, d dial.Decision, _ error) {
			fmt.Fprintf(w, "-- policy decides: %s\n", d)
		},
		HandshakeDone: func(_ dial.Endpoint, s tls.ConnectionState) {
			fmt.Fprintf(w, "-- TLS is up: %s\n", tls.VersionName(s.Version))
		},
	}
}
