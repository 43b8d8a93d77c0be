package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn/mx"
)

// demo shows rules at work: a server with a certificate of its own, one without TLS, and
// one behind an attacker who takes STARTTLS away.
func demo(ctx context.Context, stdout, stderr io.Writer) int {
	n := &network{hosts: hosts{}}
	defer n.close()
	o := &options{from: "me@sender.example"}
	config, err := n.build()
	config.Session = o.tried
	var sender *mx.Sender
	if err == nil {
		sender, err = mx.New(config)
	}
	if err != nil {
		fmt.Fprintln(stderr, "mx:", err)
		return statusUnavailable
	}
	defer sender.Close(ctx)
	for _, domain := range []string{"signed.example", "attacked.example", "bank.example", "plain.example", "guarded.example", "none.example"} {
		look(ctx, sender, []string{domain}, stdout)
		o.args, o.attempts = []string{"ann@" + domain}, nil
		send(ctx, sender, o, []byte("Subject: hello\n\nHello.\n"), stdout)
	}
	return statusOK
}

// network is the servers of the demonstration.
type network struct {
	hosts hosts
	open  []io.Closer
	err   error
}

// hosts leads from the addresses in the DNS to where servers really listen.
type hosts map[string]string

// DialContext connects to a server.
func (h hosts) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	to, ok := h[address]
	if !ok {
		return nil, errors.New("no such server")
	}
	return new(net.Dialer).DialContext(ctx, network, to)
}

// build starts the servers, and returns a Config that finds them.
func (n *network) build() (mx.Config, error) {
	ca, err := dialtest.NewCA()
	if err != nil {
		return mx.Config{}, err
	}
	own, err := ca.Certificate(dialtest.CertSelfSigned)
	if err != nil {
		return mx.Config{}, err
	}
	honest := n.server("192.0.2.1", dialtest.Config{CA: ca, TLS: &tls.Config{Certificates: []tls.Certificate{own}}})
	n.server("192.0.2.2", dialtest.Config{CA: ca})
	n.server("192.0.2.3", dialtest.Config{NoSTARTTLS: true})
	n.attacker("192.0.2.4", honest)
	resolver, err := serveZone(own)
	if err != nil {
		return mx.Config{}, err
	}
	n.open = append(n.open, resolver)
	return mx.Config{
		Resolver: &dns.Resolver{Servers: []netip.AddrPort{resolver.LocalAddr().(*net.UDPAddr).AddrPort()}},
		Dialer:   &dial.Dialer{NetDialer: n.hosts, TLSConfig: ca.ClientConfig(), LocalName: "sender.example"},
		Rules: map[string]mx.Rule{
			"":                {Level: mx.DANE},
			"bank.example":    {Level: mx.Secure, Names: []string{"mail.test"}},
			"guarded.example": {Level: mx.Encrypt},
		},
	}, n.err
}

// server starts an honest server, which is found at an address.
func (n *network) server(ip string, c dialtest.Config) (address string) {
	c.Protocol = policy.SMTP
	s, err := dialtest.NewServer(c)
	if err != nil {
		n.err = err
		return ""
	}
	n.open, n.hosts[ip+":25"] = append(n.open, s), s.Addr()
	return s.Addr()
}

// attacker puts a man in the middle in front of a server.
func (n *network) attacker(ip, server string) {
	m, err := dialtest.Interpose(server, policy.SMTP, dialtest.Strip)
	if err != nil {
		n.err = err
		return
	}
	n.open, n.hosts[ip+":25"] = append(n.open, m), m.Addr()
}

func (n *network) close() {
	for _, c := range n.open {
		c.Close()
	}
}

// serveZone serves the names of the demonstration, in which a server with the certificate
// own has TLSA records.
func serveZone(own tls.Certificate) (net.PacketConn, error) {
	z := zone{signed: map[string]bool{}}
	z.mail("signed.example.", "192.0.2.1")
	z.mail("attacked.example.", "192.0.2.4")
	z.mail("bank.example.", "192.0.2.2")
	z.mail("plain.example.", "192.0.2.3")
	z.mail("guarded.example.", "192.0.2.3")
	z.none("none.example.")
	for _, domain := range []string{"signed.example.", "attacked.example."} {
		owner := "_25._tcp.mx." + domain
		z.signed[domain], z.signed["mx."+domain], z.signed[owner] = true, true, true
		if err := z.tlsa(owner, own); err != nil {
			return nil, err
		}
	}
	return z.serve()
}

// tlsa adds a TLSA record for the key of a certificate.
func (z *zone) tlsa(owner string, cert tls.Certificate) error {
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		return err
	}
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	z.record(owner, dns.TypeTLSA, append([]byte{3, 1, 1}, sum[:]...))
	return nil
}
