package verify_test

import (
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
	"math/big"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/verify"
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
func record(usage, selector, matching uint8, c *cert) trust.TLSA {
	data := c.Raw
	if selector == trust.SelectorKey {
		data = c.RawSubjectPublicKeyInfo
	}
	switch matching {
	case trust.MatchSHA256:
		sum := sha256.Sum256(data)
		data = sum[:]
	case trust.MatchSHA512:
		sum := sha512.Sum512(data)
		data = sum[:]
	}
	return trust.TLSA{Usage: usage, Selector: selector, Matching: matching, Data: data}
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

func TestDANEServersOwn(t *testing.T) {
	w := newWorld(t)
	for selector := range uint8(2) {
		for matching := range uint8(3) {
			for name, c := range map[string]struct {
				records   []trust.TLSA
				presented *cert
				ok        bool
			}{
				"its own":                 {[]trust.TLSA{record(3, selector, matching, w.self)}, w.self, true}, // self-signed, expired, another name
				"another's":               {[]trust.TLSA{record(3, selector, matching, w.other)}, w.self, false},
				"the second of two":       {[]trust.TLSA{record(3, selector, matching, w.other), record(3, selector, matching, w.self)}, w.self, true},
				"beside unusable ones":    {[]trust.TLSA{{Usage: 1, Matching: 1}, record(3, selector, matching, w.self)}, w.self, true},
				"its issuer's":            {[]trust.TLSA{record(3, selector, matching, w.middle)}, w.leaf, false},
				"its own, as an issuer's": {[]trust.TLSA{record(2, selector, 1, w.self)}, w.self, false},
				"an unusable usage":       {[]trust.TLSA{record(1, selector, matching, w.self)}, w.self, false},
			} {
				v := verify.DANE(c.records, []string{"not.its.name"}, nil)(state(c.presented, w.middle))
				if (v.Err == nil) != c.ok || c.ok && (v.Method != trust.DANE || v.TLSA == nil || v.TLSA.Usage != 3) || !c.ok && v.Method != trust.None {
					t.Errorf("%s, selector %d, matching %d: %+v", name, selector, matching, v)
				}
				var bad *tls.CertificateVerificationError
				if !c.ok && (!errors.Is(v.Err, trust.ErrTLSA) || !errors.As(v.Err, &bad)) {
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
		record    trust.TLSA
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
		"garbage in place of a certificate": {trust.TLSA{Usage: 2, Data: []byte("garbage")}, mx, []*cert{w.leaf, w.middle}, false},
		"garbage in place of a key":         {trust.TLSA{Usage: 2, Selector: 1, Data: []byte("garbage")}, mx, []*cert{w.leaf, w.middle}, false},
	} {
		v := verify.StrongKeys(verify.DANE([]trust.TLSA{c.record}, c.names, nil))(state(c.presented...))
		if (v.Err == nil) != c.ok || c.ok && (v.Method != trust.DANE || v.TLSA == nil || len(v.Chains) == 0) || !c.ok && v.Method != trust.None {
			t.Errorf("%s: %+v", name, v)
		}
	}
	late := func() time.Time { return time.Now().Add(24 * time.Hour) }
	if v := verify.DANE([]trust.TLSA{record(2, 0, 1, w.middle)}, mx, late)(state(w.leaf, w.middle)); v.Err == nil {
		t.Error("the clock of the config does not count")
	}
}

// The stronger of two hashes is the one that counts, for each usage and selector.
func TestDANEAgility(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		records []trust.TLSA
		ok      bool
	}{
		"only the weaker one matches":       {[]trust.TLSA{record(3, 1, 1, w.self), record(3, 1, 2, w.other)}, false},
		"the stronger one matches":          {[]trust.TLSA{record(3, 1, 2, w.self), record(3, 1, 1, w.other)}, true},
		"in full, beside a hash":            {[]trust.TLSA{record(3, 1, 0, w.self), record(3, 1, 2, w.other)}, true},
		"another selector":                  {[]trust.TLSA{record(3, 0, 1, w.self), record(3, 1, 2, w.other)}, true},
		"another usage":                     {[]trust.TLSA{record(3, 1, 1, w.self), record(2, 1, 2, w.other)}, true},
		"the stronger one cannot be usable": {[]trust.TLSA{record(3, 1, 1, w.self), {Usage: 3, Selector: 1, Matching: 2, Data: []byte{1}}}, true},
	} {
		if v := verify.DANE(c.records, nil, nil)(state(w.self)); (v.Err == nil) != c.ok {
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
		record    trust.TLSA
		presented []*cert
	}{
		"of the server":               {record(3, 1, 1, w.short), []*cert{w.short}},
		"of the server, by an issuer": {record(2, 0, 1, w.middle), []*cert{w.short, w.middle}},
		"of an issuer":                {record(2, 0, 1, w.root), []*cert{leaf, weakCA, w.root}},
		"of an issuer, by a bare key": {record(2, 1, 0, w.root), []*cert{leaf, weakCA}},
	} {
		v := verify.StrongKeys(verify.DANE([]trust.TLSA{c.record}, []string{"mx.example.net"}, nil))(state(c.presented...))
		if v.Err == nil || v.Method != trust.None {
			t.Errorf("%s: %+v", name, v)
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
		"by a record":               {verify.ByTLSA{Records: []trust.TLSA{record(3, 1, 1, w.self)}}, []*cert{w.self}, trust.DANE, true},
		"by another's record":       {verify.ByTLSA{Records: []trust.TLSA{record(3, 1, 1, w.self)}}, []*cert{w.leaf, w.middle}, trust.None, false},
		"by a name":                 {verify.ByName{Names: []string{"x", "a.example.org"}}, []*cert{w.leaf, w.middle}, trust.PKIX, true},
		"by another name":           {verify.ByName{Names: []string{"x"}}, []*cert{w.leaf, w.middle}, trust.None, false},
		"by no name":                {verify.ByName{}, []*cert{w.leaf, w.middle}, trust.None, false},
		"by a name, unknown":        {verify.ByName{Names: []string{"mx.example.net"}}, []*cert{w.other}, trust.None, false},
		"anyone":                    {verify.Anyone{}, []*cert{w.self}, trust.None, true},
		"anyone, with a name noted": {verify.Anyone{Names: []string{"mx.example.net"}, Note: note}, []*cert{w.leaf, w.middle}, trust.None, true},
		"anyone, another noted":     {verify.Anyone{Names: []string{"mx.example.com"}, Note: note}, []*cert{w.leaf, w.middle}, trust.None, true},
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
	for _, r := range []trust.TLSA{record(3, 1, 1, w.leaf), record(2, 0, 0, w.root), record(2, 1, 0, w.middle), record(2, 1, 2, w.other)} {
		f.Add(append([]byte{r.Usage, r.Selector, r.Matching}, r.Data...), []byte{3, 0, 0, 9})
	}
	s := state(w.leaf, w.middle)
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var records []trust.TLSA
		for _, data := range [][]byte{a, b} {
			if r, err := trust.ParseTLSA(data); err == nil {
				records = append(records, r)
				if len(r.String()) > 160 {
					t.Errorf("%q", r)
				}
			}
		}
		v := verify.DANE(records, []string{"mx.example.net"}, nil)(s)
		if v.Err != nil {
			return
		}
		one := *v.TLSA
		for _, c := range []*cert{w.leaf, w.middle, w.root} {
			if want := record(one.Usage, one.Selector, one.Matching, c); string(want.Data) == string(one.Data) {
				return
			}
		}
		t.Errorf("%v verified the server", one)
	})
}
