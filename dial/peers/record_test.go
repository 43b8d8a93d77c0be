package peers_test

import (
	"crypto/tls"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// record is the record of a session at a time.
func record(at time.Time) peers.Record {
	return peers.Record{
		Policy: policy.RequiredSTARTTLS, Verified: trust.PKIX, Version: tls.VersionTLS13,
		Leaf: trust.KeyHash{1}, Issuer: trust.KeyHash{2}, Mechanisms: peers.MechanismSet("PLAIN"),
		FirstSeen: at, LastSeen: at, Lifetime: 180 * 24 * time.Hour,
	}
}

func with(r peers.Record, f func(*peers.Record)) peers.Record {
	f(&r)
	return r
}

func TestMerge(t *testing.T) {
	old := record(noon)
	later := record(noon.Add(time.Hour))
	for name, c := range map[string]struct{ seen, want peers.Record }{
		"the same later": {later, with(later, func(r *peers.Record) { r.FirstSeen = noon })},
		"weaker": {
			with(later, func(r *peers.Record) { r.Version, r.Mechanisms, r.Lifetime = tls.VersionTLS12, 0, time.Second }),
			with(later, func(r *peers.Record) { r.FirstSeen = noon }),
		},
		"more": {
			with(later, func(r *peers.Record) {
				r.Version++
				r.Mechanisms = peers.MechanismSet("SCRAM-SHA-256")
				r.Lifetime *= 2
			}),
			with(later, func(r *peers.Record) {
				r.Version++
				r.Mechanisms, r.Lifetime, r.FirstSeen = peers.MechanismSet("PLAIN", "SCRAM-SHA-256"), 2*r.Lifetime, noon
			}),
		},
		"another key": {
			with(later, func(r *peers.Record) { r.Leaf[0] = 9; r.Issuer[0] = 9; r.Policy = policy.ImplicitTLS }),
			with(later, func(r *peers.Record) {
				r.Leaf[0] = 9
				r.Issuer[0] = 9
				r.Policy = policy.ImplicitTLS
				r.FirstSeen = noon
			}),
		},
		"earlier": {
			with(record(noon.Add(-time.Hour)), func(r *peers.Record) { r.Leaf[0] = 9; r.Version++ }),
			with(old, func(r *peers.Record) { r.FirstSeen = noon.Add(-time.Hour); r.Version++ }),
		},
		"by a clock that is behind, or ours was ahead": {
			record(noon.AddDate(-1, 0, 0)),
			record(noon.AddDate(-1, 0, 0)),
		},
		"the same without a certificate": {
			with(record(noon.AddDate(-1, 0, 0)), func(r *peers.Record) { r.Verified = trust.Pinned }),
			with(old, func(r *peers.Record) { r.FirstSeen = noon.AddDate(-1, 0, 0) }),
		},
	} {
		if got := old.Merge(c.seen); got != c.want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, c.want)
		}
	}
}

// Merge never makes a record weaker, and to merge the same session twice changes
// nothing.
func TestMergeOnlyTightens(t *testing.T) {
	random := func() peers.Record {
		return with(record(noon.Add(time.Duration(rand.IntN(1000))*time.Hour)), func(r *peers.Record) {
			r.Version -= uint16(rand.IntN(2))
			r.Verified = trust.PKIX + trust.Method(rand.IntN(2))
			r.Mechanisms = peers.Mechanisms(rand.IntN(1 << 17))
			r.Lifetime += time.Duration(rand.IntN(1000)) * time.Second
			r.FirstSeen = r.LastSeen.Add(-time.Duration(rand.IntN(100)) * time.Hour)
			r.Leaf[0] = byte(rand.IntN(3))
			r.Leaf[1] = 1
		})
	}
	for range 20000 {
		a, b := random(), random()
		m := a.Merge(b)
		switch {
		case m.Validate() != nil:
			t.Fatalf("%+v and %+v: %v", a, b, m.Validate())
		case m.Version < max(a.Version, b.Version), m.Mechanisms != a.Mechanisms|b.Mechanisms,
			m.Lifetime < max(a.Lifetime, b.Lifetime), m.LastSeen.Before(b.LastSeen),
			m.FirstSeen.After(a.FirstSeen) || m.FirstSeen.After(b.FirstSeen):
			t.Fatalf("%+v and %+v make %+v", a, b, m)
		case m.LastSeen.Before(a.LastSeen) && (b.Verified != trust.PKIX || a.LastSeen.Sub(b.LastSeen) <= 24*time.Hour):
			t.Fatalf("%+v and %+v lose the last session: %+v", a, b, m)
		case m.Merge(b) != m:
			t.Fatalf("%+v again: %+v makes %+v", b, m, m.Merge(b))
		}
	}
}

// A clock that jumps back does not make a record expire. A clock that was ahead does
// not keep it valid for ever: the next session corrects it.
func TestClockJumps(t *testing.T) {
	r := record(noon)
	for _, c := range []struct {
		now     time.Time
		expired bool
	}{
		{noon, false},
		{noon.Add(-time.Second), false},
		{time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), false}, // a computer without a clock has started
		{time.Unix(0, 0), false},
		{noon.Add(r.Lifetime - time.Second), false},
		{noon.Add(r.Lifetime), true},
		{noon.AddDate(20, 0, 0), true},
	} {
		if got := r.Expired(c.now); got != c.expired {
			t.Errorf("at %v: expired %v", c.now, got)
		}
	}
	ahead := r.Merge(record(noon.AddDate(20, 0, 0)))
	healed := ahead.Merge(record(noon.Add(time.Hour)))
	if !healed.Expired(noon.Add(time.Hour+r.Lifetime)) || healed.Expired(noon.Add(time.Hour)) {
		t.Errorf("healed: %+v", healed)
	}
}

func TestValidateRecord(t *testing.T) {
	if err := record(noon).Validate(); err != nil {
		t.Errorf("good: %v", err)
	}
	for name, f := range map[string]func(*peers.Record){
		"nothing":        func(r *peers.Record) { *r = peers.Record{} },
		"in the clear":   func(r *peers.Record) { r.Policy = policy.NoTLS },
		"strange policy": func(r *peers.Record) { r.Policy = 9 },
		"not verified":   func(r *peers.Record) { r.Verified = trust.None },
		"strangely so":   func(r *peers.Record) { r.Verified = 9 },
		"TLS 1.1":        func(r *peers.Record) { r.Version = tls.VersionTLS11 },
		"DTLS":           func(r *peers.Record) { r.Version = 0xfefd },
		"no key":         func(r *peers.Record) { r.Leaf = trust.KeyHash{} },
		"never seen":     func(r *peers.Record) { r.FirstSeen, r.LastSeen = time.Time{}, time.Time{} },
		"out of order":   func(r *peers.Record) { r.FirstSeen = r.LastSeen.Add(1) },
		"no lifetime":    func(r *peers.Record) { r.Lifetime = 0 },
		"negative life":  func(r *peers.Record) { r.Lifetime = -1 },
		"year 10000":     func(r *peers.Record) { r.LastSeen = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC) },
		"year overflow":  func(r *peers.Record) { r.FirstSeen = time.Unix(-math.MaxInt64, 0) },
		"year 0":         func(r *peers.Record) { r.FirstSeen = time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC) },
	} {
		if with(record(noon), f).Validate() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRounded(t *testing.T) {
	r := record(noon)
	if r.Rounded() != r {
		t.Errorf("whole seconds became %+v", r.Rounded())
	}
	odd := with(r, func(r *peers.Record) {
		r.FirstSeen, r.LastSeen = noon.Add(1).Local(), noon.Add(time.Second-1)
		r.Lifetime = time.Minute + 1
	})
	if got, want := odd.Rounded(), with(r, func(r *peers.Record) { r.Lifetime = time.Minute + time.Second }); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	const longest = math.MaxInt64 / time.Second * time.Second
	for _, life := range []time.Duration{math.MaxInt64, longest + 1, longest} {
		if got := with(r, func(r *peers.Record) { r.Lifetime = life }).Rounded().Lifetime; got != longest {
			t.Errorf("%v became %v", life, got)
		}
	}
}

func TestMechanismSet(t *testing.T) {
	set := peers.MechanismSet("scram-sha-256", "PLAIN", "X-STRANGE", "")
	if got := set.String(); got != "PLAIN SCRAM-SHA-256" || !set.SCRAM() || peers.MechanismSet("PLAIN").SCRAM() {
		t.Errorf("got %q", got)
	}
	for set := range peers.Mechanisms(1 << 17) {
		if peers.MechanismSet(set.Names()...) != set {
			t.Fatalf("%d: %v", set, set.Names())
		}
	}
	var got struct {
		M peers.Mechanisms
		K trust.KeyHash
	}
	text, err := json.Marshal(map[string]any{"M": set, "K": trust.KeyHash{1, 2}})
	if err != nil || json.Unmarshal(text, &got) != nil || got.M != set || got.K != (trust.KeyHash{1, 2}) {
		t.Errorf("%s: %+v, %v", text, got, err)
	}
	for _, bad := range []string{`{"M":"PLAIN X"}`, `{"K":"01"}`, `{"K":"zz"}`, `{"M":"PLAIN PLAIN"}`} {
		before := got
		if json.Unmarshal([]byte(bad), &got) == nil || got != before {
			t.Errorf("%s: taken, or changed something", bad)
		}
	}
	if json.Unmarshal([]byte(`{"K":"","M":""}`), &got) != nil || !got.K.IsZero() || got.M != 0 {
		t.Errorf("empty: %+v", got)
	}
}
