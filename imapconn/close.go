package imapconn

// Err returns why the session has ended, and nil while it stands: a [*dial.Error]
// with phase [dial.PhaseSession]. Its chain holds a [*dial.Farewell] if the server
// closed the connection, a [*policy.Violation] if the server broke a rule,
// [os.ErrDeadlineExceeded] if a reply took too long or the program kept the session
// waiting for as long, the network's error, or [net.ErrClosed] if Logout, Close or
// Abort ended the session. Commands that the end has interrupted return the same
// error, as the package documentation says.
func (c *Client) Err() error { return c.stream.Err() }

// Abort closes the connection at once, and pending commands fail. It may be called at
// any time and from any goroutine, and does not wait.
func (c *Client) Abort() error { return c.stream.Abort() }

// Close closes the connection, over TLS with a close_notify, and pending commands
// fail. To end the session in IMAP's own way as well, call Logout().Wait() first. Close
// does not wait for the server, nor for the program: not for answers that it has left
// unread, and not for its handlers. On a session that has ended it does nothing.
func (c *Client) Close() error { return c.stream.Shut(c.inner.Closed()) }
