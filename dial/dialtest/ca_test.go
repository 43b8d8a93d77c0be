package dialtest_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"testing"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

func isInvalid(reason x509.InvalidReason) func(error) bool {
	return func(err error) bool {
		var e x509.CertificateInvalidError
		return errors.As(err, &e) && e.Reason == reason
	}
}

func TestCertificates(t *testing.T) {
	ca, err := dialtest.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		kind dialtest.CertKind
		want func(error) bool
	}{
		{dialtest.CertGood, func(err error) bool { return err == nil }},
		{dialtest.CertExpired, isInvalid(x509.Expired)},
		{dialtest.CertNotYetValid, isInvalid(x509.Expired)},
		{dialtest.CertWrongHost, is[x509.HostnameError]},
		{dialtest.CertSelfSigned, is[x509.UnknownAuthorityError]},
		{dialtest.CertUnknownCA, is[x509.UnknownAuthorityError]},
		{dialtest.CertMissingIntermediate, is[x509.UnknownAuthorityError]},
		{dialtest.CertCNOnly, is[x509.HostnameError]},
		{dialtest.CertWeakKey, is[*trust.WeakKeyError]},
		{dialtest.CertClientOnly, isInvalid(x509.IncompatibleUsage)},
	}
	for _, tt := range tests {
		for _, p := range []policy.Policy{policy.ImplicitTLS, policy.RequiredSTARTTLS} {
			t.Run(tt.kind.String()+" "+p.String(), func(t *testing.T) {
				srv := testserver.Start(t, dialtest.Config{
					Protocol: policy.SMTP, CA: ca, Cert: tt.kind, Implicit: p == policy.ImplicitTLS,
				})
				_, err := dialTo(t, srv, srv.Endpoint(p))
				if !tt.want(err) {
					t.Errorf("got %v", err)
				}
				if tt.kind != dialtest.CertGood && !is[*tls.CertificateVerificationError](err) {
					t.Errorf("%v is no error of verification", err)
				}
			})
		}
	}
}

func TestGoodCertificateNames(t *testing.T) {
	ca, err := dialtest.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Certificate(dialtest.CertGood)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"localhost", "mail.test", "127.0.0.1", "::1"} {
		if _, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: ca.Pool()}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A client and a server that are configured by the names of files.
func TestFiles(t *testing.T) {
	ca, err := dialtest.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	files, err := ca.WriteFiles(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	server, err := tls.LoadX509KeyPair(files.ServerCert, files.ServerKey)
	if err != nil {
		t.Fatal(err)
	}
	client, err := tls.LoadX509KeyPair(files.ClientCert, files.ClientKey)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(files.CA)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	srv := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP, CA: ca, Implicit: true, TLS: &tls.Config{
		Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAndVerifyClientCert,
	}})
	conn, err := tls.Dial("tcp", srv.Addr(), &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{client}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
	conn.Close()
	if info, err := os.Stat(files.ClientKey); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if _, err := ca.WriteFiles(files.CA); err == nil {
		t.Error("written below a file")
	}
}
