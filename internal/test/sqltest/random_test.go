package sqltest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

// source makes random records. They are near to each other in time, also at the
// edges of the day by which the clocks of two sessions may differ, and seldom
// years apart.
type source struct{ *rand.Rand }

// random returns a source that a failed test names the seed of.
func random(t testing.TB) source {
	seed := rand.Uint64()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return source{rand.New(rand.NewPCG(seed, 0))}
}

func (s source) record() peers.Record {
	const day = 24 * 60 * 60
	edges := []int{0, 1, day - 1, day, day + 1, 2 * day, 20 * 365 * day}
	later, earlier := edges[s.IntN(len(edges))], edges[s.IntN(len(edges))]
	offset := later - earlier
	last := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(offset) * time.Second)
	r := peers.Record{
		Policy: policy.ImplicitTLS + policy.Policy(s.IntN(3)), Verified: trust.PKIX + trust.Method(s.IntN(2)),
		Version: 0x0303 + uint16(s.IntN(3)), Leaf: trust.KeyHash{1, byte(s.IntN(256))}, Mechanisms: peers.Mechanisms(s.Uint32() & s.Uint32() & s.Uint32()),
		FirstSeen: last.Add(-time.Duration(s.IntN(3)*day) * time.Second), LastSeen: last,
		Lifetime: time.Duration(1+s.IntN(400*day)) * time.Second,
	}
	if s.IntN(3) > 0 {
		r.Issuer = trust.KeyHash{2, byte(s.IntN(256))}
	}
	return r
}

// peer returns one of n servers.
func peer(n int) peers.Peer {
	return peers.Peer{Protocol: policy.IMAP, Host: fmt.Sprintf("host-%d.test", n), Port: 143}
}
