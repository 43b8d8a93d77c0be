package dial

// Login is how a session was authenticated.
type Login struct {
	// Mechanism is that of SASL, or the name of the protocol's own command.
	Mechanism string
	// Binding is the type of channel binding that ties the login to this
	// connection's TLS, as "tls-exporter" (RFC 9266); "" if nothing does.
	Binding string
	// Unbound is set if the server listed a mechanism with channel binding and
	// then refused it, so that this login came about without. The server may
	// be at fault, or somebody between: nobody can tell.
	Unbound error
}

// String returns the mechanism and what is special about it.
func (l Login) String() string {
	switch {
	case l.Binding != "":
		return l.Mechanism + " (" + l.Binding + ")"
	case l.Unbound != nil:
		return l.Mechanism + " (channel binding was listed and refused)"
	}
	return l.Mechanism
}
