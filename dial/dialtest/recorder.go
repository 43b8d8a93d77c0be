package dialtest

import "github.com/mailconn/mailconn/internal/test/script"

// Session is what was recorded of one connection.
type Session struct {
	// Clear is every byte that the client sent outside TLS records, in order: before a
	// handshake, instead of one, or after one that failed.
	Clear []byte
	// TLS is every byte that the client sent inside TLS, decrypted. It is empty if a
	// MITM passed TLS through to the server.
	TLS []byte
	// Turns counts how often the server began to send: the greeting, and each time that
	// it sent something after the client had. For a client that waits for each reply it
	// is the number of round trips after the TCP connect, with those of the handshake:
	// one for TLS 1.3 and two for TLS 1.2. Replies to commands that arrived together
	// count once. Commands that were sent together but arrive in pieces may count more
	// than once.
	Turns int
}

// Leaks returns those of the canaries that the client sent in the clear, as they are or in
// base64 at any alignment, and nil if there are none. It does not look for other
// encodings. Canaries should be so long that they do not occur by chance: eight bytes or
// more.
func (s Session) Leaks(canaries ...string) []string {
	return script.Leaks(s.Clear, canaries...)
}
