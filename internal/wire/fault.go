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

// Held marks an error that later attempts may not meet, whatever its causes are.
type Held struct{ Err error }

// Error returns the text of Err.
func (e *Held) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *Held) Unwrap() error { return e.Err }
