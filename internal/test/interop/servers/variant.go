package servers

import "github.com/mailconn/mailconn/dial/dialtest"

// Variant is a way in which a server is set up. Each server listens on ports
// for every variant that it can be.
type Variant string

const (
	Good                Variant = "good"
	Expired             Variant = "expired"
	NotYetValid         Variant = "not-yet-valid"
	WrongHost           Variant = "wrong-host"
	SelfSigned          Variant = "self-signed"
	UnknownCA           Variant = "unknown-ca"
	MissingIntermediate Variant = "missing-intermediate"
	CommonName          Variant = "common-name-only"
	ClientOnly          Variant = "for-clients-only"
	OldTLS              Variant = "tls1.1-at-most"
	TLS12               Variant = "tls1.2-at-most"
	ClientCert          Variant = "client-certificate" // it demands one
	NoTLS               Variant = "no-tls-offered"
)

// TwoAtOnce is a variant beside those of the matrix: Dovecot allows a user two
// sessions of a kind, Postfix a client two connections.
const TwoAtOnce Variant = "two-at-once"

// These are variants of Postfix and Exim alone: one and three connections at a time,
// and with Postfix five new connections a minute.
const (
	OneAtOnce      Variant = "one-at-once"
	ThreeAtOnce    Variant = "three-at-once"
	FiveEachMinute Variant = "five-each-minute"
)

// Variants are those of the matrix, in the order of tables.
var Variants = []Variant{
	Good, Expired, NotYetValid, WrongHost, SelfSigned, UnknownCA, MissingIntermediate,
	CommonName, ClientOnly, OldTLS, TLS12, ClientCert, NoTLS,
}

// kind is the certificate that a variant shows.
func (v Variant) kind() dialtest.CertKind {
	switch v {
	case Expired:
		return dialtest.CertExpired
	case NotYetValid:
		return dialtest.CertNotYetValid
	case WrongHost:
		return dialtest.CertWrongHost
	case SelfSigned:
		return dialtest.CertSelfSigned
	case UnknownCA:
		return dialtest.CertUnknownCA
	case MissingIntermediate:
		return dialtest.CertMissingIntermediate
	case CommonName:
		return dialtest.CertCNOnly
	case ClientOnly:
		return dialtest.CertClientOnly
	}
	return dialtest.CertGood
}
