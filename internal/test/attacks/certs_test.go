package attacks_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/policy"
)

// entity is a certificate and its key.
type entity struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func ecKey(t *testing.T) crypto.Signer {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func rsaKey(t *testing.T, bits int) crypto.Signer {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// issue makes a certificate, signed by its parent or by itself.
func issue(t *testing.T, parent *entity, key crypto.Signer, change func(*x509.Certificate)) *entity {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "a name"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		DNSNames:     []string{"mail.test"},
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(c)
	}
	by := &entity{c, key}
	if parent != nil {
		by = parent
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by.cert, key.Public(), by.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &entity{cert, key}
}

func authority(c *x509.Certificate) {
	c.IsCA, c.BasicConstraintsValid = true, true
	c.DNSNames, c.ExtKeyUsage = nil, nil
	c.KeyUsage = x509.KeyUsageCertSign
	c.Subject.CommonName = "authority " + c.SerialNumber.String()
}

// names gives a certificate names and nothing else.
func names(dns []string, ips ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.DNSNames = dns
		for _, ip := range ips {
			c.IPAddresses = append(c.IPAddresses, net.ParseIP(ip))
		}
	}
}

// TestCertificates tries chains, names, usages, constraints and keys, over
// implicit TLS and STARTTLS alike.
func TestCertificates(t *testing.T) {
	root := issue(t, nil, ecKey(t), authority)
	middle := issue(t, root, ecKey(t), authority)
	expired := issue(t, root, ecKey(t), func(c *x509.Certificate) {
		authority(c)
		c.NotAfter = time.Now().Add(-time.Minute)
	})
	noCA := issue(t, root, ecKey(t), nil)
	elsewhere := issue(t, root, ecKey(t), func(c *x509.Certificate) {
		authority(c)
		c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = []string{"other.test"}, true
	})
	weakMiddle := issue(t, root, rsaKey(t, 1024), authority)
	leaf := func(by *entity, change func(*x509.Certificate)) []*entity {
		chain := []*entity{issue(t, by, ecKey(t), change)}
		if by != root {
			chain = append(chain, by)
		}
		return chain
	}
	for name, c := range map[string]struct {
		host  string
		chain []*entity
		want  string // "" is success
	}{
		"good":                    {"mail.test", leaf(root, nil), ""},
		"with an intermediate":    {"mail.test", leaf(middle, nil), ""},
		"without it":              {"mail.test", leaf(middle, nil)[:1], "cert-unknown"},
		"expired intermediate":    {"mail.test", leaf(expired, nil), "cert-expired"},
		"issued by a leaf":        {"mail.test", leaf(noCA, nil), "cert-chain"},
		"name constraints":        {"mail.test", leaf(elsewhere, nil), "cert-chain"},
		"IP without IP name":      {"127.0.0.1", leaf(root, names([]string{"127.0.0.1", "mail.test"})), "cert-name"},
		"IP":                      {"127.0.0.1", leaf(root, names(nil, "127.0.0.1")), ""},
		"IPv6":                    {"::1", leaf(root, names(nil, "::1")), ""},
		"IPv6 with a zone":        {"fe80::1%lo", leaf(root, names(nil, "fe80::1")), ""},
		"wildcard":                {"a.mail.test", leaf(root, names([]string{"*.mail.test"})), ""},
		"wildcard, two labels":    {"a.b.mail.test", leaf(root, names([]string{"*.mail.test"})), "cert-name"},
		"wildcard, none":          {"mail.test", leaf(root, names([]string{"*.mail.test"})), "cert-name"},
		"wildcard within a label": {"mail.test", leaf(root, names([]string{"m*.test"})), "cert-name"},
		"A-label":                 {"xn--bcher-kva.test", leaf(root, names([]string{"xn--bcher-kva.test"})), ""},
		"U-label":                 {"Bücher.test", leaf(root, names([]string{"xn--bcher-kva.test"})), ""},
		"root's dot":              {"mail.test.", leaf(root, nil), ""},
		"upper case":              {"MAIL.test", leaf(root, nil), ""},
		"code signing only":       {"mail.test", leaf(root, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} }), "cert-usage"},
		"RSA of 1024 bits":        {"mail.test", []*entity{issue(t, root, rsaKey(t, 1024), nil)}, "cert-weak"},
		"RSA of 2048 bits":        {"mail.test", []*entity{issue(t, root, rsaKey(t, 2048), nil)}, ""},
		"weak intermediate":       {"mail.test", leaf(weakMiddle, nil), "cert-weak"},
	} {
		for _, pol := range []policy.Policy{policy.ImplicitTLS, policy.OpportunisticSTARTTLS, policy.RequiredSTARTTLS} {
			t.Run(name+"/"+pol.String(), func(t *testing.T) { tryChain(t, root, c.chain, c.host, pol, c.want) })
		}
	}
}

func tryChain(t *testing.T, root *entity, chain []*entity, host string, pol policy.Policy, want string) {
	cert := tls.Certificate{PrivateKey: chain[0].key}
	for _, e := range chain {
		cert.Certificate = append(cert.Certificate, e.cert.Raw)
	}
	pool := x509.NewCertPool()
	pool.AddCert(root.cert)
	err := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{cert}}, &tls.Config{RootCAs: pool}, host, pol)
	var e *dial.Error
	var weak *trust.WeakKeyError
	var bad *tls.CertificateVerificationError
	switch {
	case want == "" || err == nil:
		if want != "" || err != nil {
			t.Errorf("got %v, want %q", err, want)
		}
	case !errors.As(err, &e) || e.Phase != dial.PhaseHandshake || !errors.As(err, &bad) || e.Temporary():
		t.Errorf("got %v", err)
	case want == "cert-weak":
		if !errors.As(err, &weak) || weak.Bits != 1024 || e.Hint() == "" {
			t.Errorf("got %v", err)
		}
	case want != "cert-chain" && !isNetwork(want, err):
		t.Errorf("got %v, want %s", err, want)
	}
}

// serveTLS dials an honest POP3 server with the given configs.
func serveTLS(t *testing.T, server, client *tls.Config, host string, pol policy.Policy) error {
	t.Helper()
	c, s := net.Pipe()
	return serveOver(t, c, s, server, client, host, pol)
}

func serveOver(t *testing.T, c, s net.Conn, server, client *tls.Config, host string, pol policy.Policy) error {
	t.Helper()
	stage := script.Stage{Config: func(string) (*tls.Config, error) { return server, nil }}
	var err error
	if stage.Honest, err = script.Honest(policy.POP3); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		stage.Honest.Serve(s, pol, stage)
	}()
	d := &dial.Dialer{TLSConfig: client}
	conn, err := d.NewConn(t.Context(), c, dial.Endpoint{Protocol: policy.POP3, Host: host, Policy: pol})
	if err == nil {
		conn.Close()
	}
	<-done
	return err
}
