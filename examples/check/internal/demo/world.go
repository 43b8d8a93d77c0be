// Package demo is a small world for check to look at: mail servers on free ports of
// 127.0.0.1, honest ones and such as have one thing wrong, with an attacker before some, and
// a domain with a name server and a web site. It has names, ports, keys and a clock of its
// own, so that a look at it comes to the same each time.
package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/examples/check/internal/look"
)

// The account that all servers have, but one.
const (
	User     = "alice"
	Password = "correct horse battery staple"
)

// World is the demo. The caller must close it.
type World struct {
	ca, middle *authority
	unknown    *authority // no program trusts it
	scenes     []*scene
	ports      map[string]string // where a server listens, by the name and port of its endpoint
	closers    []func() error
}

// Start starts the servers.
func Start() (*World, error) {
	w := &World{ports: map[string]string{}}
	err := w.start()
	if err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

func (w *World) start() (err error) {
	if w.ca, err = newAuthority("Demo Root", nil); err != nil {
		return err
	}
	if w.middle, err = newAuthority("Demo Issuer", w.ca); err != nil {
		return err
	}
	if w.unknown, err = newAuthority("Some Other Root", nil); err != nil {
		return err
	}
	w.scenes = scenes()
	for _, s := range w.scenes {
		if err := w.play(s); err != nil {
			return err
		}
	}
	return w.startSite()
}

// play starts the server of a scene, and the attacker before it.
func (w *World) play(s *scene) error {
	if s.gone {
		return nil
	}
	cert, err := s.certificate(w)
	if err != nil {
		return err
	}
	c := s.config(cert)
	srv, err := dialtest.NewServer(c)
	if err != nil {
		return err
	}
	w.closers = append(w.closers, func() error { srv.HangUp(); return srv.Close() })
	w.ports[s.endpoint.Address()] = srv.Addr()
	if s.attack == dialtest.Honest {
		return nil
	}
	mitm, err := dialtest.Interpose(srv.Addr(), c.Protocol, s.attack)
	if err != nil {
		return err
	}
	w.closers = append(w.closers, mitm.Close)
	w.ports[s.endpoint.Address()] = mitm.Addr()
	return nil
}

// Close ends the servers, attackers first.
func (w *World) Close() {
	for i := len(w.closers) - 1; i >= 0; i-- {
		w.closers[i]()
	}
}

// Targets returns the endpoints, with how to look at each.
func (w *World) Targets(transcripts bool) (all []look.Target) {
	for _, s := range w.scenes {
		d := &dial.Dialer{
			TLSConfig: w.ClientConfig(), NetDialer: w, LocalName: "you.demo.example",
			Timeout: s.patience(), Pins: s.pins(),
		}
		all = append(all, look.Target{Endpoint: s.endpoint, About: s.about, Looker: &look.Looker{
			Dialer: d, Auth: s.credentials(), User: User, Clock: Clock, Transcripts: transcripts,
		}})
	}
	return all
}

// ClientConfig returns a config that trusts the demo's authority, at the time of the demo.
func (w *World) ClientConfig() *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(w.ca.cert)
	return &tls.Config{RootCAs: roots, Time: Now}
}

// DialContext connects to a server by the name and port of its endpoint.
func (w *World) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	addr, ok := w.ports[address]
	if !ok {
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	return new(net.Dialer).DialContext(ctx, network, addr)
}

// Clock returns a clock that begins at Now and goes on by a little whenever it is read.
func Clock() func() time.Time {
	now, n := Now(), 0
	return func() time.Time {
		n++
		now = now.Add(time.Duration(1+n*5%17) * time.Millisecond)
		return now
	}
}
