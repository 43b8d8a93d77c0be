package dial

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
)

// NetDialer makes the raw connection: a net.Dialer, a SOCKS5 client, a tunnel. It must
// return when the context ends. It has no influence on TLS, which the [Dialer] begins
// over the raw connection.
type NetDialer interface {
	// DialContext is called once for a connection, with network "tcp".
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Dialer connects to mail servers. The zero value is ready to use. A Dialer may be
// copied, and used by many goroutines at once. Its fields are read at the start of a
// call and must not be changed during one.
type Dialer struct {
	// TLSConfig has the roots, client certificates and ServerName for TLS. nil means
	// the system's roots. It is cloned, and NextProtos is ignored. A config that
	// allows versions below TLS 1.2, renegotiation, RC4 or 3DES is an error. With
	// InsecureSkipVerify, Security.Verified is trust.None and credentials are refused.
	//
	// TLS sessions are resumed only if ClientSessionCache is set, and then only for
	// the same protocol, host, port and policy. The key of the cache does not contain
	// the settings for verification: use a cache for one config only.
	TLSConfig *tls.Config

	// NetDialer makes the raw connection. nil means a zero net.Dialer, which tries
	// all addresses of the host and turns on TCP keep-alive.
	NetDialer NetDialer

	// Timeout bounds a whole call: Dial, NewConn, and Dial or New of a session. Zero
	// means 30 seconds, and 5 minutes for policy.SMTP, since some servers delay their
	// greeting (RFC 5321 §4.5.3.2.1). With a negative Timeout only the context bounds
	// the call.
	Timeout time.Duration

	// NoALPN omits the extension that names the protocol in the TLS handshake
	// (RFC 7301). It is for servers that end the handshake because of it.
	NoALPN bool

	// LocalName is the client's name in EHLO. Empty means the name of the host if it
	// is fully qualified, and otherwise the local address as a literal (RFC 5321
	// §4.1.4). In the clear, under a policy with STARTTLS, empty means the address
	// literal, so that the name of the host is not sent.
	LocalName string

	// OnDowngrade is called before a connection under OpportunisticSTARTTLS stays in
	// the clear. If it returns an error, the dial fails with a violation that has
	// the reason policy.ErrVetoed and wraps the error. A nil OnDowngrade permits
	// every such connection.
	OnDowngrade func(context.Context, Security) error

	// Trace is called during the steps of a connection. It may be nil.
	Trace *Trace

	// Transcript receives the lines that the client and the server exchange during
	// the dial, the login and the session, for a bug report. Each Write is one line.
	// It begins with the number of the connection and the time, and then "C:" for the
	// client, "S:" for the server, or "--" for a phase, a fact about TLS or an error.
	// The lines of a login and the text of its replies are omitted. Literals and
	// messages are counted, and not written. If a Write fails or takes long, lines are
	// lost and the next line says how many: a connection waits 50 milliseconds for each,
	// and one second more in all.
	// Write is called concurrently by concurrent connections, and not after Close or
	// Abort has returned, or a dial its error. nil writes nothing.
	Transcript io.Writer

	// Peers remembers the servers that had TLS. nil remembers nothing. The Dialer
	// asks it before every connection with a policy other than NoTLS, and adds what
	// a connection with a verified server shows. Under OpportunisticSTARTTLS a server
	// with a record is treated as under RequiredSTARTTLS. Under the other policies a
	// Store that fails does not fail the dial, and Trace reports its error. PeerRules
	// says how the records are used.
	Peers     peers.Store
	PeerRules peers.Rules

	// Pins are the keys of servers whose certificates do not verify. If one is for
	// the endpoint, a server with its key is accepted, and Security.Verified is
	// trust.Pinned. A server with a certificate that verifies is accepted as well,
	// unless a pin for the endpoint is Exclusive. The VerifyConnection of TLSConfig is
	// called in both cases; for a pinned server there are no verified chains. A pin
	// for the endpoint together with InsecureSkipVerify or VerifyPeerCertificate is
	// an error.
	Pins []Pin
}

// Dial connects to e and protects the connection as the policy of e demands. When it
// returns a nil error, the server has sent its greeting, and if TLS is in use the
// handshake is complete and the certificate is verified.
//
// Dial makes one connection and one decision. It does not try another port or a weaker
// policy. If the host has several addresses, they are tried before anything is sent.
//
// Every error is a [*Error]. If ctx ends first, its error is in the chain. Once Dial
// has returned, ctx has no effect on the connection.
func (d *Dialer) Dial(ctx context.Context, e Endpoint) (*Conn, error) {
	return d.DialSetup(ctx, e, nil)
}

// DialSetup does what [Dialer.Dial] does, and then runs f as [Conn.Setup] does, all of it
// in one budget of time. f is given the connection, which is closed if f returns an
// error. A nil f does nothing.
func (d *Dialer) DialSetup(ctx context.Context, e Endpoint, f func(context.Context, *Conn, *Setup) error) (*Conn, error) {
	c, err := d.prepare(ctx, e)
	if err != nil {
		return nil, err
	}
	return c.dial(ctx, f)
}

// NewConn does what [Dialer.Dial] does, over a connection of the caller, such as one
// through a proxy. It follows the policy of e in the same way, and e.Host is the name
// that the certificate is verified for. NewConn takes ownership of raw, and closes it
// on error. A deadline that is set on raw bounds the call too.
//
// The Close of raw must not block, and raw should buffer some data, as a socket does:
// over a net.Pipe both sides of a handshake that fails can wait for each other until
// the timeout.
func (d *Dialer) NewConn(ctx context.Context, raw net.Conn, e Endpoint) (*Conn, error) {
	c, err := d.prepare(ctx, e)
	if err == nil && raw == nil {
		err = c.fail(errors.New("nil connection"))
	}
	if err != nil {
		if raw != nil {
			raw.Close()
		}
		return nil, err
	}
	b, cancel := budget(ctx, d.Timeout, e.Protocol)
	defer cancel()
	return c.settle(b, raw, nil)
}
