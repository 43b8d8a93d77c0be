package sqltest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/sqlstore"
)

// A row that no session can have left is an error that names the peer, until it
// is forgotten.
func TestCorruptRow(t *testing.T) {
	onAll(t, func(t *testing.T, d database) {
		s, db, o := d.store(t)
		for i, damage := range []string{
			"policy = 'no-tls'", "policy = 'tls'", "verified = 'no'", "verified = ''",
			"tls_version = 0", "tls_version = 66307", "tls_version = -1",
			"leaf = ''", "leaf = 'xyz'", "issuer = '00'", "mechanisms = -1", "mechanisms = 4294967296",
			"lifetime = 0", "lifetime = -1", "lifetime = 9223372037", "first_seen = last_seen + 1",
			"last_seen = 9223372036854775807", "first_seen = -9223372036854775807",
		} {
			check(t, s.Remember(t.Context(), peer(i), random(t).record()))
			execute(t, db, fmt.Sprintf("UPDATE %s SET %s WHERE host = '%s'", o.Table, damage, peer(i).Host))
			got, err := s.Recall(t.Context(), peer(i))
			each := s.Each(t.Context(), func(peers.Peer, peers.Record) error { return nil })
			for _, err := range []error{err, each} {
				var row *sqlstore.RowError
				if got != nil || !errors.As(err, &row) || row.Peer != peer(i).String() || !strings.Contains(err.Error(), row.Peer) {
					t.Errorf("%s: %+v, %v", damage, got, err)
				}
			}
			check(t, s.Forget(t.Context(), peer(i)))
			if got, err := s.Recall(t.Context(), peer(i)); got != nil || err != nil {
				t.Errorf("%s, forgotten: %+v, %v", damage, got, err)
			}
		}
	})
}

// So is a key that no dial can have.
func TestCorruptKey(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		for _, damage := range []string{"protocol = 'nntp'", "protocol = ''", "port = 65536", "port = -1", "host = ''", "host = 'a b'"} {
			s, db, o := d.store(t)
			check(t, s.Remember(t.Context(), peer(0), random(t).record()))
			execute(t, db, fmt.Sprintf("UPDATE %s SET %s", o.Table, damage))
			var row *sqlstore.RowError
			if err := s.Each(t.Context(), func(peers.Peer, peers.Record) error { return nil }); !errors.As(err, &row) {
				t.Errorf("%s: %v", damage, err)
			}
		}
	})
}
