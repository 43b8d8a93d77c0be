package servers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"

	"github.com/mailconn/mailconn/internal/test/supervise"
)

//go:embed issuer/server.mjs
var issuerServer string

// The clients of an Issuer. All are native programs without a secret.
const (
	OpaqueClient = "opaque"    // its access tokens say nothing to a mail server
	JWTClient    = "jwt"       // its access tokens are JWTs, which a mail server can check by itself
	ShortClient  = "jwt-short" // these expire after ShortLifetime
)

// ShortLifetime is how long the access tokens of ShortClient are good, in seconds.
const ShortLifetime = 3

const (
	introspector = "mail-server" // the client that may ask about tokens
	issuerKeyID  = "key-1"
)

// Issuer is oidc-provider of npm, an authorization server in JavaScript. It is reached by
// https with a certificate of the lab's CA.
type Issuer struct {
	*Server
	URL string // its identifier
	key *ecdsa.PrivateKey
}

// Issuer starts an authorization server.
func (l *Lab) Issuer() *Issuer {
	l.t.Helper()
	program := l.need("node")
	modules := filepath.Join(Unpacked(), "issuer", "node_modules")
	l.needFile(filepath.Join(modules, "oidc-provider", "package.json"))
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(l.t, err)
	jwk, err := jwkOf(key)
	check(l.t, err)
	is := &Issuer{key: key}
	is.Server = l.run("issuer", func(s *Server) supervise.Command {
		port := s.port()
		is.URL = "https://" + address(port)
		certificate := filepath.Join(l.dir, "certs", string(Good))
		spec, err := json.Marshal(map[string]any{
			"issuer": is.URL, "port": port, "short": ShortLifetime, "key": jwk,
			"cert": certificate + ".pem", "certKey": certificate + ".key",
			"introspector": introspector, "secret": Secret,
		})
		check(l.t, err)
		name, _ := unprivileged()
		return supervise.Command{
			Argv: []string{program, s.writeText("server.mjs", issuerServer), s.writeText("spec.json", string(spec)), modules},
			User: name,
		}
	})
	return is
}

// jwkOf returns a signing key as JSON has it (RFC 7518 §6.2).
func jwkOf(key *ecdsa.PrivateKey) (map[string]string, error) {
	private, err := key.Bytes()
	if err != nil {
		return nil, err
	}
	public, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	encode := base64.RawURLEncoding.EncodeToString
	return map[string]string{
		"kty": "EC", "crv": "P-256", "kid": issuerKeyID, "use": "sig", "alg": "ES256",
		"x": encode(public[1:33]), "y": encode(public[33:]), "d": encode(private),
	}, nil
}

// publicKey returns the key that verifies JWTs, in PEM.
func (is *Issuer) publicKey() (string, error) {
	der, err := x509.MarshalPKIXPublicKey(&is.key.PublicKey)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), err
}

// Granted returns how often a kind of grant was answered with tokens.
func (is *Issuer) Granted(kind string) int {
	text, err := os.ReadFile(is.log)
	check(is.lab.t, err)
	return strings.Count(string(text), "granted "+kind+"\n")
}

// introspection returns the URL where mail servers ask about tokens, with their password.
func (is *Issuer) introspection() string {
	return "https://" + introspector + ":" + Secret + "@" + strings.TrimPrefix(is.URL, "https://") + "/token/introspection"
}
