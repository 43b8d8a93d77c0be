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
	*Engine
	ctx     context.Context
	raw     net.Conn
	conn    net.Conn             // raw, or TLS over it
	state   *tls.ConnectionState // nil before TLS
	lines   *wire.Lines
	dialect line.Dialect

	// What the server said over conn.
	greeting line.Greeting
	list     []string   // capabilities; nil if they are not known
	refusal  line.Reply // the refusal to list them, or to upgrade
}

// use continues over conn, and forgets what the server said before.
func (r *run) use(conn net.Conn) {
	if r.Follow != nil {
		conn = r.Follow(conn)
	}
	r.conn, r.lines = conn, wire.NewLines(conn)
	r.dialect = r.Protocol.Dialect(r.lines, r.LocalName)
	r.greeting, r.list = line.Greeting{}, nil
}

func (r *run) enter(phase string) {
	if r.Phase != nil {
		r.Phase(phase)
	}
}
