// Package relay is what a man in the middle does with one connection: it carries the
// bytes of a client and a server to each other, and attacks the upgrade to TLS on the
// way. It can stand before any server, and reads no more of a protocol than the commands
// up to the upgrade and the answers to them.
package relay

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"

	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
	"github.com/mailconn/mailconn/policy"
)

// Attack is what is done to a connection, as package dialtest describes it. It has the
// values of dialtest.Attack.
type Attack uint8

// The attacks.
const (
	Honest Attack = iota
	Strip
	Refuse
	Inject
	InjectPartial
	Stall
	Cut
	SwapCertificate
	PlainOnTLSPort
)

// Relay says what connections are carried to, and what is done to them.
type Relay struct {
	Upstream string // the server's address, host:port
	Protocol policy.Protocol
	Attack   Attack
	TLS      *tls.Config // what a client meets whose TLS is ended here
}

// Serve serves one client, until it or the server has gone or ctx has ended. It closes
// client.
func (r *Relay) Serve(ctx context.Context, client *serve.Conn) {
	if r.Attack == PlainOnTLSPort {
		fmt.Fprintf(client, "%s\r\n", phrasesOf(r.Protocol, "").greeting)
		io.Copy(io.Discard, client)
		client.Close()
		return
	}
	var d net.Dialer
	server, err := d.DialContext(ctx, "tcp", r.Upstream)
	if err != nil {
		client.Close()
		return
	}
	newConnection(r, client, server).run(ctx)
}
