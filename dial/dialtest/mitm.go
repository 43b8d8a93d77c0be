package dialtest

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest/internal/relay"
	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
	"github.com/mailconn/mailconn/policy"
)

// MITM is a man in the middle on a free port of 127.0.0.1, in front of any server that
// speaks its protocol, not only one of this package. The server may have STARTTLS or TLS
// from the first byte: the MITM notices by who speaks first. With TLS from the first byte
// only Stall, Cut, SwapCertificate and PlainOnTLSPort do anything.
//
// TLS that it does not terminate passes unchanged. Its methods may be used from several
// goroutines at once.
type MITM struct {
	relay    relay.Relay
	listener *serve.Listener
	ctx      context.Context
	cancel   context.CancelFunc

	mu      sync.Mutex
	records []*serve.Recorder
}

// Interpose starts a man in the middle before the server at upstream, in the
// form host:port. The caller must close it.
func Interpose(upstream string, p policy.Protocol, a Attack) (*MITM, error) {
	if !p.Valid() || a >= numAttacks {
		return nil, errors.New("dialtest: no such protocol or attack")
	}
	ca, err := NewCA()
	if err != nil {
		return nil, err
	}
	cert, err := ca.Certificate(CertGood)
	if err != nil {
		return nil, err
	}
	m := &MITM{relay: relay.Relay{
		Upstream: upstream, Protocol: p, Attack: relay.Attack(a),
		TLS: &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: serve.ALPN(p)},
	}}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	if m.listener, err = serve.Listen("tcp4", serve.AnyPort); err != nil {
		m.cancel()
		return nil, err
	}
	m.listener.Start(m.serve)
	return m, nil
}

// Addr returns the address to dial instead of the server's, as host:port.
func (m *MITM) Addr() string { return m.listener.Addr().String() }

// NetDialer returns a dialer that connects to the man in the middle, whatever address it
// is given. With it a [dial.Dialer] dials a name and a port that the program knows
// already.
func (m *MITM) NetDialer() dial.NetDialer { return LeadTo(m.Addr()) }

// Endpoint returns how to dial through the man in the middle under a policy.
func (m *MITM) Endpoint(p policy.Policy) dial.Endpoint {
	return endpoint(m.listener, m.relay.Protocol, p)
}

// Close is like [Server.Close].
func (m *MITM) Close() error {
	defer m.cancel()
	return m.listener.Close(m.cancel)
}

// Sessions returns what was recorded of each client so far, in the order in which they
// connected: what the man in the middle can read, which is inside TLS only if it swapped
// the certificate and the client accepted that.
func (m *MITM) Sessions() []Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	return sessions(m.records)
}

// serve serves one client.
func (m *MITM) serve(conn net.Conn, _ <-chan struct{}) {
	rec := &serve.Recorder{}
	m.mu.Lock()
	m.records = append(m.records, rec)
	m.mu.Unlock()
	m.relay.Serve(m.ctx, serve.NewConn(conn, rec))
}
