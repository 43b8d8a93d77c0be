package dialtest

import "github.com/mailconn/mailconn/internal/test/script"

// Session is what was recorded of one connection.
type Session struct {
	// Clear is every byte that the client sent outside TLS records, in order:
	// before a handshake, instead of one, or behind one that failed.
	Clear []byte
	// TLS is every byte that the client sent inside TLS, decrypted. It is
	// empty where TLS went through to another server.
	TLS []byte
	// Turns counts how often the turn to speak went to the server: the
	// greeting, and each time that the server wrote after the client had
	// written. With lock-step clients it is the number of round trips after
	// the TCP connect, the handshake's included: one for TLS 1.3 and two for
	// TLS 1.2. The bytes are those on the wire, so what belongs to one flight
	// counts once, and so do replies to commands that arrived together.
	// Commands sent together that arrive in pieces may count more than once.
	Turns int
}

// Leaks returns those of the canaries that the client sent in the clear, as
// they are or in base64 at any alignment; nil if there are none. Canaries
// should be long enough not to occur by chance: eight bytes or more. Other
// encodings are not looked through.
func (s Session) Leaks(canaries ...string) []string {
	return script.Leaks(s.Clear, canaries...)
}
