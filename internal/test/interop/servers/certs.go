package servers

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"

	"github.com/mailconn/mailconn/dial/dialtest"
)

// writeCerts writes the certificate of each variant into dir: VARIANT.pem is
// what a server sends, VARIANT.key its key, VARIANT.both one after the other;
// ca.pem is the CA. All may be read by every server's own user: they are worth
// nothing when the test is over.
func writeCerts(dir string, ca *dialtest.CA) error {
	for _, v := range Variants {
		cert, err := ca.Certificate(v.kind())
		if err != nil {
			return err
		}
		if err := writeCert(filepath.Join(dir, string(v)), cert); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "ca.pem"), ca.PEM(), 0o644)
}

func writeCert(name string, cert tls.Certificate) error {
	var chain bytes.Buffer
	for _, der := range cert.Certificate {
		pem.Encode(&chain, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	der, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		return err
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	for suffix, content := range map[string][]byte{
		".pem": chain.Bytes(), ".key": key, ".both": append(bytes.Clone(key), chain.Bytes()...),
	} {
		if err := os.WriteFile(name+suffix, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
