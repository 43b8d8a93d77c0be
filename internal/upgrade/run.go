package upgrade

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
)

// run is the state of an upgrade between two decisions.
type run struct {
	Engine
	ctx     context.Context
	raw     net.Conn
	conn    net.Conn  // raw, or TLS over it
	tls     *tls.Conn // nil before TLS
	lines   wire.Lines
	dialect line.Dialect

	// What the server said over conn.
	greeting line.Greeting
	list     []string   // capabilities; nil if they are not known
	refusal  line.Reply // the refusal to list them, or to upgrade
}

// readSize is the size of the buffer: a greeting fits.
const readSize = 256

// use continues over conn, and forgets what the server said before.
func (r *run) use(conn net.Conn) {
	r.conn = r.Caller.Follow(conn)
	r.lines = wire.LinesOf(wire.NewReaderSize(r.conn, wire.Greeting(), readSize), r.conn)
	r.dialect = r.Protocol.Dialect(r.lines, r.Caller)
	r.greeting, r.list = line.Greeting{}, nil
}
