package expect_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/verify"
	"github.com/mailconn/mailconn/internal/verify/expect"
)

// cert is a certificate with its key.
type cert struct {
	*x509.Certificate
	key crypto.Signer
}

// issue makes a certificate of template with a key of its own; without an issuer it
// signs itself.
func issue(t testing.TB, by *cert, key crypto.Signer, template x509.Certificate) *cert {
	t.Helper()
	if key == nil {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		key = k
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	c := &cert{&template, key}
	if by == nil {
		by = c
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, by.Certificate, key.Public(), by.key)
	if err == nil {
		c.Certificate, err = x509.ParseCertificate(der)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func authority(name string, pathLen int) x509.Certificate {
	return x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, MaxPathLen: pathLen, MaxPathLenZero: pathLen == 0}
}

func server(names ...string) x509.Certificate {
	return x509.Certificate{Subject: pkix.Name{CommonName: "server"}, DNSNames: names, KeyUsage: x509.KeyUsageDigitalSignature}
}

// record returns the record of a certificate.
func record(usage, selector, matching uint8, c *cert) dns.TLSA {
	data := c.Raw
	if selector == dns.SelectorKey {
		data = c.RawSubjectPublicKeyInfo
	}
	switch matching {
	case dns.MatchSHA256:
		sum := sha256.Sum256(data)
		data = sum[:]
	case dns.MatchSHA512:
		sum := sha512.Sum512(data)
		data = sum[:]
	}
	return dns.TLSA{Usage: usage, Selector: selector, Matching: matching, Data: data}
}

// world is the certificates of the tests: a root, an authority below it, and servers.
type world struct {
	root, middle, leaf, expired, short, other, self *cert
}

func newWorld(t testing.TB) *world {
	root := issue(t, nil, nil, authority("root", -1))
	middle := issue(t, root, nil, authority("middle", 0))
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	old := server("mx.example.net")
	old.NotBefore, old.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	return &world{
		root: root, middle: middle,
		leaf:    issue(t, middle, nil, server("mx.example.net", "*.example.org")),
		expired: issue(t, middle, nil, old),
		short:   issue(t, middle, weak, server("mx.example.net")),
		other:   issue(t, nil, nil, server("mx.example.net")),
		self:    issue(t, nil, nil, old),
	}
}

// state is a handshake with what a server presents.
func state(presented ...*cert) tls.ConnectionState {
	var s tls.ConnectionState
	for _, c := range presented {
		s.PeerCertificates = append(s.PeerCertificates, c.Certificate)
	}
	return s
}

// verdict is a verdict, with the record that vouches.
type verdict struct {
	verify.Verdict
	record *dns.TLSA
}

// byTLSA is the verdict on a server by records, as a connection has it.
func byTLSA(records []dns.TLSA, names []string, now func() time.Time, presented ...*cert) (v verdict) {
	x := expect.ByTLSA(records, names, func(r dns.TLSA) { v.record = &r })
	v.Verdict = verify.StrongKeys(x(&tls.Config{Time: now}))(state(presented...))
	return v
}

func TestDANEServersOwn(t *testing.T) {
	w := newWorld(t)
	for selector := range uint8(2) {
		for matching := range uint8(3) {
			for name, c := range map[string]struct {
				records   []dns.TLSA
				presented *cert
				ok        bool
			}{
				"its own":                 {[]dns.TLSA{record(3, selector, matching, w.self)}, w.self, true}, // self-signed, expired, another name
				"another's":               {[]dns.TLSA{record(3, selector, matching, w.other)}, w.self, false},
				"the second of two":       {[]dns.TLSA{record(3, selector, matching, w.other), record(3, selector, matching, w.self)}, w.self, true},
				"beside unusable ones":    {[]dns.TLSA{{Usage: 1, Matching: 1}, record(3, selector, matching, w.self)}, w.self, true},
				"its issuer's":            {[]dns.TLSA{record(3, selector, matching, w.middle)}, w.leaf, false},
				"its own, as an issuer's": {[]dns.TLSA{record(2, selector, 1, w.self)}, w.self, false},
				"an unusable usage":       {[]dns.TLSA{record(1, selector, matching, w.self)}, w.self, false},
			} {
				v := byTLSA(c.records, []string{"not.its.name"}, nil, c.presented, w.middle)
				if (v.Err == nil) != c.ok || c.ok && (v.Method != trust.DANE || v.record == nil || v.record.Usage != 3) || !c.ok && v.Method != trust.None {
					t.Errorf("%s, selector %d, matching %d: %+v", name, selector, matching, v)
				}
				var bad *tls.CertificateVerificationError
				if !c.ok && (!errors.Is(v.Err, expect.ErrTLSA) || !errors.As(v.Err, &bad)) {
					t.Errorf("%s: %v", name, v.Err)
				}
			}
		}
	}
}

func TestDANEAuthority(t *testing.T) {
	w := newWorld(t)
	below := issue(t, w.middle, nil, authority("below a path of 0", -1))
	tooLong := issue(t, below, nil, server("mx.example.net"))
	mx := []string{"mx.example.net"}
	for name, c := range map[string]struct {
		record    dns.TLSA
		names     []string
		presented []*cert
		ok        bool
	}{
		"the issuer":                        {record(2, 0, 1, w.middle), mx, []*cert{w.leaf, w.middle}, true},
		"the issuer's key":                  {record(2, 1, 2, w.middle), mx, []*cert{w.leaf, w.middle}, true},
		"the root, presented":               {record(2, 0, 1, w.root), mx, []*cert{w.leaf, w.middle, w.root}, true},
		"the root, not presented":           {record(2, 0, 1, w.root), mx, []*cert{w.leaf, w.middle}, false},
		"the root in full, not presented":   {record(2, 0, 0, w.root), mx, []*cert{w.leaf, w.middle}, true},
		"the root's key in full":            {record(2, 1, 0, w.root), mx, []*cert{w.leaf, w.middle}, true},
		"the issuer's key, nothing else":    {record(2, 1, 0, w.middle), mx, []*cert{w.leaf}, true},
		"another's key in full":             {record(2, 1, 0, w.other), mx, []*cert{w.leaf, w.middle}, false},
		"the second of the names":           {record(2, 0, 1, w.middle), []string{"example.com", "mx.example.net"}, []*cert{w.leaf, w.middle}, true},
		"a wildcard":                        {record(2, 0, 1, w.middle), []string{"a.example.org"}, []*cert{w.leaf, w.middle}, true},
		"a wildcard for two labels":         {record(2, 0, 1, w.middle), []string{"a.b.example.org"}, []*cert{w.leaf, w.middle}, false},
		"another name":                      {record(2, 0, 1, w.middle), []string{"example.com"}, []*cert{w.leaf, w.middle}, false},
		"no name":                           {record(2, 0, 1, w.middle), nil, []*cert{w.leaf, w.middle}, false},
		"an expired server":                 {record(2, 0, 1, w.middle), mx, []*cert{w.expired, w.middle}, false},
		"an expired server, by a bare key":  {record(2, 1, 0, w.middle), mx, []*cert{w.expired}, false},
		"a server that it did not issue":    {record(2, 0, 1, w.middle), mx, []*cert{w.other, w.middle}, false},
		"a path that is too long":           {record(2, 0, 1, w.middle), mx, []*cert{tooLong, below, w.middle}, false},
		"a match beyond the sixteenth":      {record(2, 0, 1, w.middle), mx, append([]*cert{w.leaf, w.root, w.root, w.root, w.root, w.root, w.root, w.root, w.root, w.root, w.root, w.root, w.root, w.root, w.root, w.root}, w.middle), false},
		"garbage in place of a certificate": {dns.TLSA{Usage: 2, Data: []byte("garbage")}, mx, []*cert{w.leaf, w.middle}, false},
		"garbage in place of a key":         {dns.TLSA{Usage: 2, Selector: 1, Data: []byte("garbage")}, mx, []*cert{w.leaf, w.middle}, false},
	} {
		v := byTLSA([]dns.TLSA{c.record}, c.names, nil, c.presented...)
		if (v.Err == nil) != c.ok || c.ok && (v.Method != trust.DANE || v.record == nil || len(v.Chains) == 0) || !c.ok && v.Method != trust.None {
			t.Errorf("%s: %+v", name, v)
		}
	}
	late := func() time.Time { return time.Now().Add(24 * time.Hour) }
	if v := byTLSA([]dns.TLSA{record(2, 0, 1, w.middle)}, mx, late, w.leaf, w.middle); v.Err == nil {
		t.Error("the clock of the config does not count")
	}
}

// The stronger of two hashes is the one that counts, for each usage and selector.
func TestDANEAgility(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		records []dns.TLSA
		ok      bool
	}{
		"only the weaker one matches":       {[]dns.TLSA{record(3, 1, 1, w.self), record(3, 1, 2, w.other)}, false},
		"the stronger one matches":          {[]dns.TLSA{record(3, 1, 2, w.self), record(3, 1, 1, w.other)}, true},
		"in full, beside a hash":            {[]dns.TLSA{record(3, 1, 0, w.self), record(3, 1, 2, w.other)}, true},
		"another selector":                  {[]dns.TLSA{record(3, 0, 1, w.self), record(3, 1, 2, w.other)}, true},
		"another usage":                     {[]dns.TLSA{record(3, 1, 1, w.self), record(2, 1, 2, w.other)}, true},
		"the stronger one cannot be usable": {[]dns.TLSA{record(3, 1, 1, w.self), {Usage: 3, Selector: 1, Matching: 2, Data: []byte{1}}}, true},
	} {
		if v := byTLSA(c.records, nil, nil, w.self); (v.Err == nil) != c.ok {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// A record does not make a short key long enough.
func TestDANEWeakKeys(t *testing.T) {
	w := newWorld(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	weakCA := issue(t, w.root, rsaKey, authority("weak", -1))
	leaf := issue(t, weakCA, nil, server("mx.example.net"))
	for name, c := range map[string]struct {
		record    dns.TLSA
		presented []*cert
	}{
		"of the server":               {record(3, 1, 1, w.short), []*cert{w.short}},
		"of the server, by an issuer": {record(2, 0, 1, w.middle), []*cert{w.short, w.middle}},
		"of an issuer":                {record(2, 0, 1, w.root), []*cert{leaf, weakCA, w.root}},
		"of an issuer, by a bare key": {record(2, 1, 0, w.root), []*cert{leaf, weakCA}},
	} {
		v := byTLSA([]dns.TLSA{c.record}, []string{"mx.example.net"}, nil, c.presented...)
		if v.Err == nil || v.Method != trust.None {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// A key in a record vouches for no certificate that it signed with SHA-1.
func TestDANESHA1(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	withRSA := issue(t, nil, rsaKey, authority("RSA", -1))
	withECDSA := issue(t, nil, nil, authority("ECDSA", -1))
	for algorithm, c := range map[x509.SignatureAlgorithm]struct {
		by *cert
		ok bool
	}{
		x509.SHA1WithRSA: {withRSA, false}, x509.SHA256WithRSA: {withRSA, true},
		x509.ECDSAWithSHA1: {withECDSA, false}, x509.ECDSAWithSHA256: {withECDSA, true},
	} {
		template := server("mx.example.net")
		template.SignatureAlgorithm = algorithm
		leaf := issue(t, c.by, nil, template)
		v := byTLSA([]dns.TLSA{record(2, 1, 0, c.by)}, template.DNSNames, nil, leaf)
		if leaf.SignatureAlgorithm != algorithm || (v.Err == nil) != c.ok {
			t.Errorf("%v: %+v", algorithm, v)
		}
	}
}

// mersenne is an RSA key of 9,689 bits whose modulus is a prime, so that it is cheap to make.
type mersenne struct{ n *big.Int }

func (m mersenne) Public() crypto.PublicKey { return &rsa.PublicKey{N: m.n, E: 65537} }

func (m mersenne) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	size := (m.n.BitLen() + 7) / 8
	sha256 := []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}
	padded := append(bytes.Repeat([]byte{0xff}, size-len(sha256)-len(digest)-3), 0)
	padded = slices.Concat([]byte{0, 1}, padded, sha256, digest) // RFC 8017 §9.2
	private := new(big.Int).ModInverse(big.NewInt(65537), new(big.Int).Sub(m.n, big.NewInt(1)))
	return new(big.Int).Exp(new(big.Int).SetBytes(padded), private, m.n).FillBytes(make([]byte, size)), nil
}

// A record of a key that is longer than a server may present one is not used, as a key of
// 500,000 bits would cost seconds. Nor do records cost more than so many signatures.
func TestDANELongKeys(t *testing.T) {
	n := new(big.Int).Lsh(big.NewInt(1), 9689)
	root := issue(t, nil, mersenne{n.Sub(n, big.NewInt(1))}, authority("long", -1))
	leaf := issue(t, root, nil, server("mx.example.net"))
	for name, r := range map[string]dns.TLSA{
		"a certificate": record(2, 0, 0, root),
		"a key":         record(2, 1, 0, root),
	} {
		if v := byTLSA([]dns.TLSA{r}, []string{"mx.example.net"}, nil, leaf); !errors.Is(v.Err, expect.ErrTLSA) {
			t.Errorf("%s: %+v", name, v)
		}
	}
	w := newWorld(t)
	for others, verified := range map[int]bool{63: true, 64: false} {
		var records []dns.TLSA
		for range others {
			records = append(records, record(2, 1, 0, w.other))
		}
		v := byTLSA(append(records, record(2, 1, 0, w.middle)), []string{"mx.example.net"}, nil, w.leaf)
		if (v.Err == nil) != verified {
			t.Errorf("behind %d other keys: %v", others, v.Err)
		}
	}
}

type named string

func (n named) String() string { return string(n) }

// What is expected of a server takes the place of the config's roots and name, for its
// endpoint and no other.
func TestExpect(t *testing.T) {
	w := newWorld(t)
	roots := x509.NewCertPool()
	roots.AddCert(w.root.Certificate)
	var noted []error
	note := func(err error) { noted = append(noted, err) }
	for name, c := range map[string]struct {
		x         verify.Expectation
		presented []*cert
		want      trust.Method
		ok        bool
	}{
		"by a record":               {expect.ByTLSA([]dns.TLSA{record(3, 1, 1, w.self)}, nil, func(dns.TLSA) {}), []*cert{w.self}, trust.DANE, true},
		"by another's record":       {expect.ByTLSA([]dns.TLSA{record(3, 1, 1, w.self)}, nil, func(dns.TLSA) {}), []*cert{w.leaf, w.middle}, trust.None, false},
		"by a name":                 {expect.ByName([]string{"x", "a.example.org"}), []*cert{w.leaf, w.middle}, trust.PKIX, true},
		"by another name":           {expect.ByName([]string{"x"}), []*cert{w.leaf, w.middle}, trust.None, false},
		"by no name":                {expect.ByName(nil), []*cert{w.leaf, w.middle}, trust.None, false},
		"by a name, unknown":        {expect.ByName([]string{"mx.example.net"}), []*cert{w.other}, trust.None, false},
		"anyone":                    {expect.Anyone(nil, nil), []*cert{w.self}, trust.None, true},
		"anyone, with a name noted": {expect.Anyone([]string{"mx.example.net"}, note), []*cert{w.leaf, w.middle}, trust.None, true},
		"anyone, another noted":     {expect.Anyone([]string{"mx.example.com"}, note), []*cert{w.leaf, w.middle}, trust.None, true},
	} {
		cfg := verify.Config(&tls.Config{RootCAs: roots}, "server.test", "", named("endpoint"))
		ctx := verify.Expect(context.Background(), "endpoint", c.x)
		if verify.Expected(ctx, named("another")) != nil {
			t.Fatal("an expectation of another endpoint")
		}
		s, err := verify.ForEndpoint(cfg, verify.Expected(ctx, named("endpoint")), verify.Pins{}, func(tls.ConnectionState) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		err = cfg.VerifyConnection(state(c.presented...))
		if got := s.Verdict(); (err == nil) != c.ok || got.Method != c.want || !cfg.InsecureSkipVerify {
			t.Errorf("%s: %v, %+v", name, err, got)
		}
	}
	if len(noted) != 2 || (noted[0] == nil) == (noted[1] == nil) {
		t.Errorf("noted %v", noted)
	}
}

// Whatever the records are, only one that is the server's verifies it.
func FuzzDANE(f *testing.F) {
	w := newWorld(f)
	f.Add([]byte{3, 1, 1, 0}, []byte{2, 1, 0, 1})
	for _, r := range []dns.TLSA{record(3, 1, 1, w.leaf), record(2, 0, 0, w.root), record(2, 1, 0, w.middle), record(2, 1, 2, w.other)} {
		f.Add(append([]byte{r.Usage, r.Selector, r.Matching}, r.Data...), []byte{3, 0, 0, 9})
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var records []dns.TLSA
		for _, data := range [][]byte{a, b} {
			if r, err := dns.ParseTLSA(data); err == nil {
				records = append(records, r)
				if len(r.String()) > 160 {
					t.Errorf("%q", r)
				}
			}
		}
		v := byTLSA(records, []string{"mx.example.net"}, nil, w.leaf, w.middle)
		if v.Err != nil {
			return
		}
		one := *v.record
		for _, c := range []*cert{w.leaf, w.middle, w.root} {
			if want := record(one.Usage, one.Selector, one.Matching, c); string(want.Data) == string(one.Data) {
				return
			}
		}
		t.Errorf("%v verified the server", one)
	})
}
