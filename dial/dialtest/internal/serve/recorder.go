package serve

import (
	"slices"
	"sync"
)

// Record is what was recorded of one connection.
type Record struct {
	Clear []byte // what the client sent outside TLS
	TLS   []byte // what it sent inside TLS, decrypted
	Turns int    // how often the turn to speak went to the server
}

// Recorder makes a Record of the bytes on a wire.
type Recorder struct {
	Forgets bool // all bytes

	mu      sync.Mutex
	s       Record
	pending bool // the client has written since the server did

	// The state of the parser of TLS records. A connection may begin with
	// one: no command of a mail protocol looks like it.
	clear  bool
	header []byte
	body   int
}

// Received records bytes from the client as they are on the wire.
func (r *Recorder) Received(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pending = r.pending || len(b) > 0
	if r.Forgets {
		return
	}
	for len(b) > 0 && !r.clear {
		b = r.skip(b)
	}
	r.s.Clear = append(r.s.Clear, b...)
}

// skip takes a piece of a TLS record away from b. What cannot be one ends the
// parsing.
func (r *Recorder) skip(b []byte) []byte {
	if r.body > 0 {
		n := min(r.body, len(b))
		r.body -= n
		return b[n:]
	}
	r.header = append(r.header, b[0])
	if !IsTLS(r.header) {
		r.s.Clear = append(r.s.Clear, r.header...)
		r.header, r.clear = nil, true
	}
	if h := r.header; len(h) == 5 {
		r.body, r.header = int(h[3])<<8|int(h[4]), h[:0]
	}
	return b[1:]
}

// IsTLS reports whether h can be the beginning of a TLS record.
func IsTLS(h []byte) bool {
	return h[0] >= 20 && h[0] <= 23 && (len(h) < 2 || h[1] == 3)
}

// ExpectTLS says that the client may begin a handshake now.
func (r *Recorder) ExpectTLS() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clear = false
}

// Decrypted records decrypted bytes from the client.
func (r *Recorder) Decrypted(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.Forgets {
		r.s.TLS = append(r.s.TLS, b...)
	}
}

// Sent records that the server wrote.
func (r *Recorder) Sent() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pending || r.s.Turns == 0 {
		r.s.Turns++
	}
	r.pending = false
}

// Record returns a copy of what was recorded so far.
func (r *Recorder) Record() Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.s
	s.Clear, s.TLS = slices.Clone(s.Clear), slices.Clone(s.TLS)
	return s
}
