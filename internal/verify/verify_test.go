package verify_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"testing"

	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/verify"
	"github.com/mailconn/mailconn/policy"
)

// says returns a verifier with a verdict of its own.
func says(v verify.Verdict) verify.Verifier {
	return func(tls.ConnectionState) verify.Verdict { return v }
}

// keys returns certificates with keys on both sides of the limit, and one that is not RSA.
func keys(t *testing.T) (short, long, other *x509.Certificate) {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	modulus := func(bits uint) *rsa.PublicKey {
		return &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), bits-1), E: 65537}
	}
	return &x509.Certificate{PublicKey: modulus(2047)}, &x509.Certificate{PublicKey: modulus(2048)}, &x509.Certificate{PublicKey: public}
}

func TestStrongKeys(t *testing.T) {
	short, long, other := keys(t)
	type chain = []*x509.Certificate
	for name, c := range map[string]struct {
		verdict verify.Verdict
		leaf    *x509.Certificate
		weak    bool
	}{
		"long":                        {verify.Verdict{Method: trust.PKIX, Chains: []chain{{long, long}}}, long, false},
		"not RSA":                     {verify.Verdict{Method: trust.PKIX, Chains: []chain{{other, long}}}, other, false},
		"short":                       {verify.Verdict{Method: trust.PKIX, Chains: []chain{{short, long}}}, short, true},
		"short intermediate":          {verify.Verdict{Method: trust.PKIX, Chains: []chain{{long, short, long}}}, long, true},
		"short root":                  {verify.Verdict{Method: trust.PKIX, Chains: []chain{{long, short}}}, long, false},
		"one of two chains is strong": {verify.Verdict{Method: trust.PKIX, Chains: []chain{{long, short, long}, {long, long}}}, long, false},
		"pinned, short":               {verify.Verdict{Method: trust.Pinned}, short, true},
		"pinned, long":                {verify.Verdict{Method: trust.Pinned}, long, false},
		"not verified":                {verify.Verdict{}, short, false},
	} {
		got := verify.StrongKeys(says(c.verdict))(tls.ConnectionState{PeerCertificates: chain{c.leaf}})
		var weak *trust.WeakKeyError
		var bad *tls.CertificateVerificationError
		if (got.Err != nil) != c.weak || c.weak && (!errors.As(got.Err, &weak) || !errors.As(got.Err, &bad) || got.Method != trust.None) {
			t.Errorf("%s: %+v", name, got)
		}
		if !c.weak && got.Method != c.verdict.Method {
			t.Errorf("%s: the method became %v", name, got.Method)
		}
	}
	refused := errors.New("refused")
	for _, chains := range [][]chain{nil, {{short, long}}} {
		if got := verify.StrongKeys(says(verify.Verdict{Err: refused, Chains: chains}))(tls.ConnectionState{}); got.Err != refused {
			t.Errorf("a refusal became %v", got.Err)
		}
	}
}

func TestPinned(t *testing.T) {
	_, long, _ := keys(t)
	long.RawSubjectPublicKeyInfo = []byte("its key")
	state := tls.ConnectionState{PeerCertificates: []*x509.Certificate{long}}
	its, no := []trust.KeyHash{{1}, trust.HashKey(long)}, errors.New("no chain")
	good := verify.Verdict{Method: trust.PKIX, Chains: [][]*x509.Certificate{{long}}}
	for name, c := range map[string]struct {
		v         verify.Verdict
		keys      []trust.KeyHash
		exclusive bool
		want      trust.Method
	}{
		"valid":                         {good, []trust.KeyHash{{1}}, false, trust.PKIX},
		"valid and pinned":              {good, its, false, trust.PKIX},
		"valid, another key, exclusive": {good, []trust.KeyHash{{1}}, true, trust.None},
		"valid, its key, exclusive":     {good, its, true, trust.PKIX},
		"invalid, its key":              {verify.Verdict{Err: no}, its, false, trust.Pinned},
		"invalid, its key, exclusive":   {verify.Verdict{Err: no}, its, true, trust.Pinned},
		"invalid, another key":          {verify.Verdict{Err: no}, []trust.KeyHash{{1}}, false, trust.None},
	} {
		got := verify.Pinned(says(c.v), c.keys, c.exclusive)(state)
		if got.Method != c.want || (got.Err == nil) != (c.want != trust.None) {
			t.Errorf("%s: %+v", name, got)
		}
		if got.Err != nil && (!errors.Is(got.Err, policy.ErrPinMismatch) || c.v.Err != nil && !errors.Is(got.Err, no)) {
			t.Errorf("%s: %v", name, got.Err)
		}
	}
}

// A check sees the chains of the verdict, has the last word, and is not asked about a
// server that was refused already.
func TestThen(t *testing.T) {
	_, long, _ := keys(t)
	chains := [][]*x509.Certificate{{long}}
	no := errors.New("no")
	asked := 0
	check := func(s tls.ConnectionState) error {
		if asked++; len(s.VerifiedChains) != 1 {
			t.Errorf("the check saw %d chains", len(s.VerifiedChains))
		}
		return no
	}
	cfg := &tls.Config{VerifyConnection: func(tls.ConnectionState) error { t.Error("the old check was called"); return nil }}
	server := verify.Install(cfg, verify.Then(says(verify.Verdict{Method: trust.PKIX, Chains: chains}), check))
	if server.Verdict().Method != trust.None {
		t.Error("a verdict before the handshake")
	}
	if err := cfg.VerifyConnection(tls.ConnectionState{}); err != no || asked != 1 || server.Verdict().Err != no {
		t.Errorf("%v, asked %d times", err, asked)
	}
	first := errors.New("first")
	if got := verify.Then(says(verify.Verdict{Err: first}), check)(tls.ConnectionState{}); got.Err != first || asked != 1 {
		t.Errorf("%v, asked %d times", got.Err, asked)
	}
}

// Chains that came with a resumed session are no verification where the config
// switches verification off.
func TestStandard(t *testing.T) {
	_, long, _ := keys(t)
	state := tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{long}}}
	if got := verify.Standard(&tls.Config{})(state); got.Method != trust.PKIX || len(got.Chains) != 1 {
		t.Errorf("%+v", got)
	}
	if got := verify.Standard(&tls.Config{InsecureSkipVerify: true})(state); got.Method != trust.None || got.Chains != nil || got.Err != nil {
		t.Errorf("%+v", got)
	}
}
