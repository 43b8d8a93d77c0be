package dial

// Login is how a session was authenticated.
type Login struct {
	// Mechanism is the SASL mechanism, or the name of the protocol's own command.
	Mechanism string
	// Binding is the type of the channel binding to TLS, such as "tls-exporter"
	// (RFC 9266). It is empty if the login is not bound.
	Binding string
	// Unbound is the refusal if the server listed a mechanism with channel binding and
	// refused it, so that the login is not bound. The cause may be a fault of the
	// server or an attacker in the middle.
	Unbound error
	// NotOffered is set if there were credentials, the server offered no way to
	// log in, and the credentials say that the session may go on without a login.
	NotOffered bool
}

// String returns the mechanism, with a note about channel binding if there is one.
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
