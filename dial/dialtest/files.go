package dialtest

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
)

// Files are the paths of PEM files, for programs that are configured by the names
// of files.
type Files struct {
	CA                    string // the CA's certificate
	ServerCert, ServerKey string // a server's certificate with its chain, and its key
	ClientCert, ClientKey string // those of [CA.ClientCertificate]
}

// WriteFiles issues a certificate of kind [CertGood] for a server and one for a client, and
// writes them to files in the directory dir. Only the user may read the keys.
func (ca *CA) WriteFiles(dir string) (Files, error) {
	in := func(name string) string { return filepath.Join(dir, name) }
	f := Files{in("ca.pem"), in("server.pem"), in("server-key.pem"), in("client.pem"), in("client-key.pem")}
	if err := write(f.CA, ca.PEM()); err != nil {
		return Files{}, err
	}
	server, err := ca.Certificate(CertGood)
	if err == nil {
		err = writePair(f.ServerCert, f.ServerKey, server)
	}
	if err != nil {
		return Files{}, err
	}
	client, err := ca.ClientCertificate()
	if err == nil {
		err = writePair(f.ClientCert, f.ClientKey, client)
	}
	return f, err
}

// writePair writes a certificate's chain and its key.
func writePair(certFile, keyFile string, c tls.Certificate) error {
	var chain []byte
	for _, der := range c.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	if err := write(certFile, chain); err != nil {
		return err
	}
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		return fmt.Errorf("dialtest: %w", err)
	}
	return write(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
}

func write(name string, text []byte) error {
	if err := os.WriteFile(name, text, 0o600); err != nil {
		return fmt.Errorf("dialtest: %w", err)
	}
	return nil
}
