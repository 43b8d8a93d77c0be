package wire

// Fault marks an error as the fault of the caller: of the arguments of a call, or of
// the content that it sends. The connection and the server have no part in it, and
// the same call will fail again.
type Fault struct{ Err error }

// Error returns the text of Err.
func (e *Fault) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *Fault) Unwrap() error { return e.Err }

// CallError marks an error as one of the call: neither what the caller wants to be
// sent nor the server has a part in it.
type CallError struct{ Err error }

// Error returns the text of the marked error.
func (e *CallError) Error() string { return e.Err.Error() }

// Unwrap returns the marked error.
func (e *CallError) Unwrap() error { return e.Err }

// Attempts says of the error of several attempts what they come to, whatever is in the
// chain of each.
type Attempts struct {
	Temporary bool // later attempts may do better; if not, the message is at fault
}

// Error returns "later" or "never".
func (e *Attempts) Error() string {
	if e.Temporary {
		return "later"
	}
	return "never"
}
