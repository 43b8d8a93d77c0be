package dial

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/internal/protocols"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// NetDialer makes the raw connection: net.Dialer, a SOCKS5 client, a tunnel.
// It must honour the context. Whatever it does, TLS is the Dialer's business
// and cannot be switched off by it.
type NetDialer interface {
	// DialContext is called once for a connection, with network "tcp".
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Dialer connects to mail servers. The zero value is ready to use; a Dialer
// may be copied, and used by many goroutines at once. Its fields are read at
// the start of a call and must not be changed while one runs.
type Dialer struct {
	// TLSConfig says how servers are verified: roots, client certificates,
	// ServerName. nil means the system's roots. It is cloned. These are
	// refused: versions below TLS 1.2, renegotiation, RC4 and 3DES. NextProtos
	// is set by the Dialer. InsecureSkipVerify makes a session that says
	// trust.None and gets no credentials.
	//
	// Sessions are resumed only if ClientSessionCache is set, and then never
	// across protocols, hosts, ports or policies. Verification settings are
	// not part of the key: use one cache for one config.
	TLSConfig *tls.Config

	// NetDialer makes the raw connection; nil means a zero net.Dialer, which
	// tries all addresses of the host and turns on TCP keep-alive.
	NetDialer NetDialer

	// Timeout bounds a whole call: Dial, NewConn, a session's Dial or New.
	// Zero means 30 seconds, and 5 minutes for SMTP relay, where greetings
	// are delayed on purpose (RFC 5321 §4.5.3.2.1). Negative means none but
	// the context's.
	Timeout time.Duration

	// NoALPN leaves out the extension with which the client names its protocol in the
	// TLS handshake (RFC 7301): for servers that refuse a name they do not know.
	NoALPN bool

	// LocalName is what EHLO says. Empty means the host's name if it is a
	// qualified one, else the local address as a literal. In the clear, under
	// a policy that upgrades, nothing about the host is told: there empty
	// means the address literal (RFC 5321 §4.1.4).
	LocalName string

	// OnDowngrade is asked before a connection under OpportunisticSTARTTLS
	// stays in the clear. An error vetoes it: the dial fails with a violation
	// whose reason is policy.ErrVetoed and which holds that error. nil agrees.
	OnDowngrade func(context.Context, Security) error

	// Trace is told how the connection comes about; it may be nil.
	Trace *Trace

	// Transcript is given what the client and the server say to each other, through
	// the dial, the login and the whole session, for a maintainer to look at: one
	// Write a line, which begins with the connection's number and the time; "C:" is
	// the client, "S:" the server, "--" a phase, a fact about TLS or an error. What a
	// login says is left out, and so are the words of its replies; literals, and the
	// contents of messages, are counted. A Transcript that fails, or takes more than a
	// moment for a line, loses lines, and the next one says how many; it never holds
	// up the connection. It must be safe for concurrent use if connections are made
	// at the same time. nil writes nothing.
	Transcript io.Writer

	// Peers holds servers to the TLS that they once had; nil remembers
	// nothing. It is asked before every connection with a policy other than
	// NoTLS, and learns from those whose server was verified. Under
	// OpportunisticSTARTTLS a server that it knows is treated as under
	// RequiredSTARTTLS. The other policies do not need it: if it fails they go
	// on, and Trace is told.
	Peers     peers.Store
	PeerRules peers.Rules

	// Pins are keys of servers whose certificates do not verify. With one for
	// the endpoint, a server with that key is accepted, and Security says
	// trust.Pinned; a server with a certificate that verifies is accepted as
	// ever, unless a pin is Exclusive. A VerifyConnection of TLSConfig is
	// called for both; for a pinned server there are no verified chains. Pins
	// do not go together with InsecureSkipVerify or VerifyPeerCertificate.
	Pins []Pin
}

// Dial connects to e and takes the connection to what e's policy wants. When
// it returns a nil error the greeting is read, and under every policy with TLS
// the handshake is complete and the certificate verified.
//
// There is one connection and one decision: no other port is tried, and no
// weaker level. Hosts with several addresses are tried in turn, before
// anything is said.
//
// Every error is a [*Error]. If ctx ends first, its error is in the chain; it
// has no effect on the connection after Dial has returned.
func (d *Dialer) Dial(ctx context.Context, e Endpoint) (*Conn, error) {
	c, err := d.prepare(ctx, e)
	if err != nil {
		return nil, err
	}
	return c.dial(ctx)
}

// NewConn does what Dial does, over a connection that the caller brings: a
// proxy's, a tunnel's, a test's. The policy of e is kept as strictly; e.Host
// names the server whose certificate is expected. NewConn owns raw: it closes
// it on error. Deadlines set on raw before bound the call as well; the session
// sets its own. raw's Close must not block, and like a socket raw should buffer a
// little: over net.Pipe both sides of a failing handshake can wait for each other
// until the time is out.
func (d *Dialer) NewConn(ctx context.Context, raw net.Conn, e Endpoint) (*Conn, error) {
	c, err := d.prepare(ctx, e)
	if err == nil && raw == nil {
		err = c.fail(errors.New("no connection"))
	}
	if err != nil {
		if raw != nil {
			raw.Close()
		}
		return nil, err
	}
	ctx, cancel := d.Budget(ctx, e.Protocol)
	defer cancel()
	return c.settle(ctx, raw)
}

// Budget returns a context that ends when the Dialer's Timeout has passed, for
// programs that spend one budget on Dial and on what comes after.
func (d *Dialer) Budget(ctx context.Context, p policy.Protocol) (context.Context, context.CancelFunc) {
	limit := d.Timeout
	if limit == 0 {
		limit = protocols.Of(p).Timeout
	}
	if by, ok := ctx.Deadline(); limit <= 0 || ok && time.Until(by) <= limit {
		return ctx, func() {} // ctx is the tighter one
	}
	return wire.WithTimeout(ctx, limit)
}
