package dial_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/filestore"
	"github.com/mailconn/mailconn/dial/peers/memstore"
	"github.com/mailconn/mailconn/policy"
)

// BenchmarkMemory measures a dial with TLS over loopback, without a store and with one
// that has a record of the server.
func BenchmarkMemory(b *testing.B) {
	s, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	file, err := filestore.Open(context.Background(), filepath.Join(b.TempDir(), "peers"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	for _, c := range []struct {
		name   string
		memory peers.Store
	}{{"none", nil}, {"memstore", new(memstore.Store)}, {"filestore", file}} {
		b.Run(c.name, func(b *testing.B) {
			d := dial.Dialer{TLSConfig: s.ClientConfig(), Peers: c.memory}
			b.ReportAllocs()
			for b.Loop() {
				conn, err := d.Dial(context.Background(), s.Endpoint(policy.RequiredSTARTTLS))
				if err != nil {
					b.Fatal(err)
				}
				conn.Close()
			}
		})
	}
}
