package discover

import "fmt"

// Source is a way to learn of servers.
type Source string

// The sources, each bounded in time and size.
const (
	PACC       Source = "pacc"       // a document at the domain, with its digest in the DNS
	SRV        Source = "srv"        // SRV records (RFC 6186, RFC 8314 §5.1)
	Autoconfig Source = "autoconfig" // a document at the domain
	ISPDB      Source = "ispdb"      // a public table of providers, by the domain
	MX         Source = "mx"         // the domain's MX, looked up in a table of providers
	Guess      Source = "guess"      // conventional names under the domain
)

// Voucher is what stands behind the word of a source. A greater one is stronger;
// the package documentation says what each is worth against whom.
type Voucher uint8

const (
	// Convention: a host under the domain has a certificate for a name that mail
	// servers usually have.
	Convention Voucher = iota + 1
	// UnsignedMX: DNS that is not signed names the provider, and a table its
	// servers.
	UnsignedMX
	// UnsignedDNS: DNS that is not signed, or that was not validated.
	UnsignedDNS
	// Table: a table of providers that the program brings or names.
	Table
	// OtherHTTPS: a host outside the domain, with a certificate for its name, to
	// which a host of the domain's has redirected, wherever it has redirected to.
	OtherHTTPS
	// DomainHTTPS: a host of the domain's, with a certificate for its name.
	DomainHTTPS
	// SignedDNS: the domain's DNS, validated by a resolver that is trusted.
	SignedDNS
	// Digest: a host of the domain's, with a certificate for its name, and the
	// domain's DNS, which is not signed, has the digest of what it says.
	Digest
	// SignedDigest: the same, and the DNS was validated.
	SignedDigest
)

// String returns the voucher in words, as in "unsigned DNS".
func (v Voucher) String() string {
	words := [...]string{
		Convention: "conventional name", UnsignedMX: "unsigned DNS → provider table", UnsignedDNS: "unsigned DNS",
		Table: "provider table", OtherHTTPS: "HTTPS of another host", DomainHTTPS: "HTTPS of the domain",
		SignedDNS: "signed DNS", Digest: "HTTPS of the domain, digest in unsigned DNS", SignedDigest: "HTTPS of the domain, digest in signed DNS",
	}
	if v == 0 || int(v) >= len(words) {
		return fmt.Sprintf("voucher(%d)", uint8(v))
	}
	return words[v]
}

// Proof is a source, and who stands behind what it says.
type Proof struct {
	Source  Source  // where it was found
	Voucher Voucher // what kind of evidence it has
	// Host is whose word it is: the domain's, for its DNS; that of the server whose
	// certificate it was; for the program's own table, the provider's MX domain.
	Host string
}

// String returns the proof in words, as in "srv: signed DNS (example.org)".
func (p Proof) String() string {
	if p.Host == "" {
		return fmt.Sprintf("%s: %v", p.Source, p.Voucher)
	}
	return fmt.Sprintf("%s: %v (%s)", p.Source, p.Voucher, p.Host)
}

// ofDomain reports whether the domain itself vouches, so that a server anywhere is
// the domain's choice.
func (p Proof) ofDomain() bool { return p.Voucher >= DomainHTTPS }
