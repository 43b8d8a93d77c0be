package dialtest

import (
	"slices"
	"sync"

	"github.com/mailconn/mailconn/internal/test/script"
)

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

// recorder makes a Session of the bytes on a wire.
type recorder struct {
	mu      sync.Mutex
	s       Session
	pending bool // the client has written since the server did

	// The state of the parser of TLS records. A connection may begin with
	// one: no command of a mail protocol looks like it.
	clear  bool
	header []byte
	body   int
}

// heard records bytes from the client as they are on the wire.
func (r *recorder) received(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pending = r.pending || len(b) > 0
	for len(b) > 0 && !r.clear {
		b = r.skip(b)
	}
	r.s.Clear = append(r.s.Clear, b...)
}

// skip takes a piece of a TLS record away from b. What cannot be one ends the
// parsing.
func (r *recorder) skip(b []byte) []byte {
	if r.body > 0 {
		n := min(r.body, len(b))
		r.body -= n
		return b[n:]
	}
	r.header = append(r.header, b[0])
	if !isRecord(r.header) {
		r.s.Clear = append(r.s.Clear, r.header...)
		r.header, r.clear = nil, true
	}
	if h := r.header; len(h) == 5 {
		r.body, r.header = int(h[3])<<8|int(h[4]), h[:0]
	}
	return b[1:]
}

// isRecord reports whether h can be the beginning of a TLS record.
func isRecord(h []byte) bool {
	return h[0] >= 20 && h[0] <= 23 && (len(h) < 2 || h[1] == 3)
}

// expectTLS says that the client may begin a handshake now.
func (r *recorder) expectTLS() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clear = false
}

// inside records decrypted bytes from the client.
func (r *recorder) decrypted(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.s.TLS = append(r.s.TLS, b...)
}

// said records that the server wrote.
func (r *recorder) sent() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pending || r.s.Turns == 0 {
		r.s.Turns++
	}
	r.pending = false
}

// session returns a copy of what was recorded so far.
func (r *recorder) session() Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.s
	s.Clear, s.TLS = slices.Clone(s.Clear), slices.Clone(s.TLS)
	return s
}
