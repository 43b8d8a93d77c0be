package wire

// Fault marks an error as that of what a caller wants to be sent, or of the
// call: neither the connection nor the server has a part in it, and the same
// again will fail in the same way.
type Fault struct{ Err error }

// Error returns the text of the error that is marked.
func (e *Fault) Error() string { return e.Err.Error() }

// Unwrap returns the error that is marked.
func (e *Fault) Unwrap() error { return e.Err }
