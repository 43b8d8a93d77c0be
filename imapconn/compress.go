package imapconn

import (
	"slices"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/deflate"
	"github.com/mailconn/mailconn/policy"
)

// Compressed reports whether the session is compressed, as Options.Compress asks for.
func (c *Client) Compressed() bool { return c.stream.deflate != nil }

// compress asks for compression, if the program wants it and it may be had. Behind the
// server's consent all that it says is compressed.
func (b *beginning) compress() (compressed bool, err error) {
	secret := b.conn.Encrypted() || b.conn.Endpoint().Policy == policy.NoTLS
	if !b.opts.Compress || !b.loggedIn || !secret || !slices.Contains(b.caps, "COMPRESS=DEFLATE") {
		return false, nil
	}
	b.setup.Enter(dial.PhaseCapability)
	r, err := b.line.Command("COMPRESS DEFLATE")
	return err == nil && r.Status == "OK", err
}

// compress has the stream compress what it says, from here on. behind is what was read of
// the connection already.
func (s *stream) compress(behind []byte) {
	s.deflate = deflate.New(s.conn, behind)
	s.conn = s.deflate
}

// A server may say without end what compresses to nearly nothing. Between two steps of
// progress, as clock counts them, it may say as much as chatter and maxRatio times what has
// come over the wire: a million lines "* 1 EXPUNGE" are less.
const (
	maxChatter = 16 << 20
	maxRatio   = 100
)

// inflated notes that n bytes have come of a read. s.mu is held.
func (s *stream) inflated(n int) error {
	if s.deflate == nil {
		return nil
	}
	c := &s.clock
	c.chatter = max(0, c.chatter+int64(n)-maxRatio*s.deflate.Taken())
	if c.chatter > maxChatter {
		return exceeded("more than %d bytes that were compressed to less than a %dth", maxChatter, maxRatio)
	}
	return nil
}
