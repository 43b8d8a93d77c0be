package dial

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mailconn/mailconn/internal/hostname"
	"github.com/mailconn/mailconn/internal/recall"
	"github.com/mailconn/mailconn/internal/transcript"
	"github.com/mailconn/mailconn/internal/verify"
	"github.com/mailconn/mailconn/internal/wire"
)

// Conn is a connection that has what its policy wants. Only this package makes
// one: it is the evidence that sessions, and the gate in front of credentials,
// go by. The zero Conn is no evidence of anything.
//
// A Conn stands right after the greeting, or after the handshake of a
// STARTTLS; the next byte read is the server's next word. Its methods may be
// called by several goroutines at once, as those of every net.Conn.
type Conn struct {
	raw      net.Conn
	conn     wire.Unread    // raw, or TLS over it
	tls      *tls.Conn      // nil in the clear
	server   *verify.Server // the verdict on the server, with TLS
	security Security       // without the state of TLS

	greeting     string   // over conn
	capabilities []string // that the server has listed there; nil: not known

	memory *recall.Memory         // nil: not wanted
	words  *transcript.Transcript // nil: not wanted
	closed atomic.Bool            // by this side
	mu     sync.Mutex             // held over security.Login
	// preauth is set if an IMAP server greeted with PREAUTH.
	preauth bool

	// What a session needs of the Dialer.
	trace     *Trace // nil: not wanted
	timeout   time.Duration
	localName string
}

var (
	_ net.Conn       = (*Conn)(nil)
	_ wire.NowReader = (*Conn)(nil)
)

// learn lets the Dialer's Peers learn from a session whose server was accepted, and
// from the SASL mechanisms that it lists.
func (c *Conn) learn(ctx context.Context, mechanisms ...string) {
	if c.memory != nil {
		c.memory.Learn(ctx, c.security.Endpoint.Policy, c.security.Verified, c.Security().TLS, mechanisms)
	}
}

// Security returns what was achieved. The result is the caller's to change,
// except for the certificates themselves.
func (c *Conn) Security() Security {
	c.mu.Lock()
	s := c.security
	c.mu.Unlock()
	if c.tls != nil {
		state := c.tls.ConnectionState()
		state.PeerCertificates = slices.Clone(state.PeerCertificates)
		state.VerifiedChains = slices.Clone(c.server.Verdict().Chains)
		for i, chain := range state.VerifiedChains {
			state.VerifiedChains[i] = slices.Clone(chain)
		}
		s.TLS = &state
	}
	if s.Downgrade != nil {
		d := *s.Downgrade
		s.Downgrade = &d
	}
	if s.Known != nil {
		r := *s.Known
		s.Known = &r
	}
	return s
}

// Endpoint returns what was dialled, with host and port filled in.
func (c *Conn) Endpoint() Endpoint { return c.security.Endpoint }

// Encrypted reports whether TLS is up.
func (c *Conn) Encrypted() bool { return c.tls != nil }

// Greeting returns the server's greeting without its "* ", "+OK " or line end,
// SMTP's with its code. After a STARTTLS it is empty: what was said in the
// clear is forgotten. It is the server's own text, and nothing to be shown as it
// is.
func (c *Conn) Greeting() string { return c.greeting }

// Capabilities returns what the server has listed at the connection's level,
// keywords in upper case: IMAP's from the greeting, SMTP's and POP3's (as
// "KEYWORD parameters") from an opportunistic connection that stayed in the
// clear. It is nil if the list is not known, as it is after a STARTTLS.
func (c *Conn) Capabilities() []string { return slices.Clone(c.capabilities) }

// Preauth reports whether an IMAP server greeted with PREAUTH.
func (c *Conn) Preauth() bool { return c.preauth }

// LocalName returns what EHLO is to say over this connection.
func (c *Conn) LocalName() string {
	private := c.tls == nil && c.security.Endpoint.Policy.STARTTLS()
	return hostname.Client(c.localName, c.LocalAddr(), private)
}

// Read reads what the server says next.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.inner().Read(p)
	return n, c.ended(err)
}

// ended returns net.ErrClosed in the place of an error after the program's own Close or
// Abort, no matter how the server took it.
func (c *Conn) ended(err error) error {
	if err != nil && c.closed.Load() {
		return net.ErrClosed
	}
	return err
}

// ReadNow reads what has arrived from the server, and does not wait for more. If that
// is nothing, it returns [os.ErrDeadlineExceeded]; if it cannot tell,
// [errors.ErrUnsupported]. A session whose protocol matches replies to commands by
// order alone calls it before each command: a reply that is there by then answers
// none. With an empty p it reads nothing, and its error is only whether it can tell. It
// must not be called while a Read is under way.
//
// Sockets tell at once what has arrived, and so does TLS over them. A connection of
// another kind, or on a system without such sockets, cannot tell.
func (c *Conn) ReadNow(p []byte) (int, error) {
	if c.raw == nil {
		return 0, net.ErrClosed
	}
	n, err := c.conn.ReadNow(p)
	return n, c.ended(err)
}

// Write sends p to the server.
func (c *Conn) Write(p []byte) (int, error) { return c.inner().Write(p) }

// Close closes the connection, over TLS with a close_notify. It does not wait
// for the server's, and it is no error if the server has left already.
func (c *Conn) Close() error {
	c.closed.Store(true)
	c.words.Note("closed by this side")
	err := c.inner().Close()
	c.words.End()
	if c.tls != nil && !errors.Is(err, net.ErrClosed) {
		return nil // what failed is the farewell; the connection is closed
	}
	return err
}

// Abort closes the connection without a farewell, and does not wait for the server. Its
// return waits for a Transcript that is slow, but for about a second at most.
func (c *Conn) Abort() error {
	if c.raw == nil {
		return net.ErrClosed
	}
	c.closed.Store(true)
	err := c.raw.Close()
	c.words.Note("aborted by this side")
	c.words.End()
	return err
}

// LocalAddr returns the address of this end.
func (c *Conn) LocalAddr() net.Addr { return c.inner().LocalAddr() }

// RemoteAddr returns the address of the server, or of what leads to it.
func (c *Conn) RemoteAddr() net.Addr { return c.inner().RemoteAddr() }

// SetDeadline sets when reads and writes fail, those under way included. It
// bounds a [Conn.Setup] too; the mail libraries set deadlines of their own.
func (c *Conn) SetDeadline(t time.Time) error { return c.inner().SetDeadline(t) }

// SetReadDeadline is SetDeadline for reads.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.inner().SetReadDeadline(t) }

// SetWriteDeadline is SetDeadline for writes.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.inner().SetWriteDeadline(t) }

// inner is the connection below; that of the zero Conn is a closed one.
func (c *Conn) inner() net.Conn {
	if c.raw != nil {
		return &c.conn
	}
	closed, _ := net.Pipe()
	closed.Close()
	return closed
}
