package serve

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"hash"
	"strings"
)

// scramHash returns the hash of a SCRAM mechanism, nil if it is none.
func scramHash(mechanism string) func() hash.Hash {
	switch strings.TrimSuffix(mechanism, "-PLUS") {
	case "SCRAM-SHA-1":
		return sha1.New
	case "SCRAM-SHA-256":
		return sha256.New
	}
	return nil
}

// scram is RFC 5802, with channel binding by tls-exporter (RFC 9266) if plus is
// set. Nonce and salt are always the same, which is enough for tests.
func (x *exchange) scram(h func() hash.Hash, plus bool) error {
	const salt, iterations = "dialtest", 4096
	first, err := x.ask("")
	if err != nil {
		return err
	}
	flag, bare, _ := strings.Cut(first, ",")
	_, bare, _ = strings.Cut(bare, ",")
	binding, err := x.binding(flag, plus)
	user, nonce, ok := strings.Cut(strings.TrimPrefix(bare, "n="), ",r=")
	if err != nil || !ok {
		return ErrCancelled
	}
	nonce += "dialtest"
	serverFirst := fmt.Sprintf("r=%s,s=%s,i=%d", nonce, in64(salt), iterations)
	final, err := x.ask(serverFirst)
	if err != nil {
		return err
	}
	withoutProof, proof, _ := cutLast(final, ",p=")
	gs2 := strings.TrimSuffix(first, bare)
	if withoutProof != "c="+in64(gs2+binding)+",r="+nonce {
		return ErrCancelled
	}
	salted, err := pbkdf2.Key(h, x.Password, []byte(salt), iterations, h().Size())
	if err != nil {
		return err
	}
	signed := bare + "," + serverFirst + "," + withoutProof
	password := x.Password
	if proof != clientProof(h, salted, signed) {
		password += "?"
	}
	if err := x.Login(scramName.Replace(user), password); err != nil {
		return err
	}
	_, err = x.ask("v=" + in64(mac(h, mac(h, string(salted), "Server Key"), signed)))
	x.Authed = x.Authed && err == nil // the client may not accept the server
	return err
}

// scramName takes the escapes out of a name (RFC 5802 §5.1).
var scramName = strings.NewReplacer("=2C", ",", "=3D", "=")

// binding returns the data that binds the exchange to the TLS connection.
func (x *exchange) binding(flag string, plus bool) (string, error) {
	if !plus {
		if flag != "n" && flag != "y" {
			return "", ErrCancelled
		}
		return "", nil
	}
	if flag != "p=tls-exporter" || x.secure == nil {
		return "", ErrCancelled
	}
	state := x.secure.ConnectionState()
	data, err := state.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
	return string(data), err
}

// clientProof returns the proof of a client that knows the password.
func clientProof(h func() hash.Hash, salted []byte, signed string) string {
	key := mac(h, string(salted), "Client Key")
	stored := h()
	stored.Write([]byte(key))
	signature := mac(h, string(stored.Sum(nil)), signed)
	proof := make([]byte, len(key))
	for i := range proof {
		proof[i] = key[i] ^ signature[i]
	}
	return in64(string(proof))
}

func mac(h func() hash.Hash, key, text string) string {
	m := hmac.New(h, []byte(key))
	m.Write([]byte(text))
	return string(m.Sum(nil))
}

// cutLast is strings.Cut at the last separator.
func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}
