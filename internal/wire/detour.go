package wire

// Detour is the error of a connection that the caller's own NetDialer did not make:
// a proxy, a tunnel. It says nothing about the mail server.
type Detour struct{ Err error }

// Error returns the text of the NetDialer's error.
func (e *Detour) Error() string { return e.Err.Error() }

// Unwrap returns the NetDialer's error.
func (e *Detour) Unwrap() error { return e.Err }
