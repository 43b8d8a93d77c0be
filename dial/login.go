package dial

// Login is how a session was authenticated.
type Login struct {
	// Mechanism is that of SASL, or the name of the protocol's own command.
	Mechanism string
	// Binding is the type of channel binding that ties the login to this
	// connection's TLS, as "tls-exporter" (RFC 9266); "" if nothing does.
	Binding string
	// Unbound is set if the server listed a mechanism with channel binding and
	// then refused it, so that this login came about without. The server may be
	// at fault, or an attacker in the middle: the client cannot tell.
	Unbound error
	// NotOffered is set if there were credentials, the server offered no way to
	// log in, and the credentials say that the session may go on without a login.
	NotOffered bool
}

// String returns the mechanism and what is special about it.
func (l Login) String() string {
	switch {
	case l.Binding != "":
		return l.Mechanism + " (" + l.Binding + ")"
	case l.Unbound != nil:
		return l.Mechanism + " (channel binding was listed and refused)"
	case l.NotOffered:
		return "none offered"
	}
	return l.Mechanism
}
