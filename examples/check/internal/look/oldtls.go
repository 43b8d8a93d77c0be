package look

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// oldTLS asks a server on a port for implicit TLS whether it takes versions that must not
// be used any more (RFC 8996). It uses crypto/tls, since a [dial.Dialer] never speaks them.
// It returns nil if the server could not be asked.
func (l *Looker) oldTLS(ctx context.Context, e dial.Endpoint) *report.OldTLS {
	tls10, err := l.takes(ctx, e, tls.VersionTLS10)
	if err != nil {
		return nil
	}
	tls11, err := l.takes(ctx, e, tls.VersionTLS11)
	if err != nil {
		return nil
	}
	return &report.OldTLS{TLS10: tls10, TLS11: tls11}
}

// takes reports whether a handshake with the one version succeeds. Nothing is sent over the
// connection, so that it does not matter who the server is.
func (l *Looker) takes(ctx context.Context, e dial.Endpoint, version uint16) (bool, error) {
	if l.Dialer.Timeout > 0 {
		bounded, cancel := context.WithTimeout(ctx, l.Dialer.Timeout)
		defer cancel()
		ctx = bounded
	}
	var d dial.NetDialer = new(net.Dialer)
	if l.Dialer.NetDialer != nil {
		d = l.Dialer.NetDialer
	}
	raw, err := d.DialContext(ctx, "tcp", e.Address())
	if err != nil {
		return false, err
	}
	defer raw.Close()
	conn := tls.Client(raw, &tls.Config{
		ServerName: e.Host, InsecureSkipVerify: true, CipherSuites: allSuites(),
		MinVersion: version, MaxVersion: version,
	})
	return conn.HandshakeContext(ctx) == nil, ctx.Err()
}

// allSuites returns all that crypto/tls has, so that a server which only has old ones is
// found too.
func allSuites() (all []uint16) {
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		all = append(all, s.ID)
	}
	return all
}
