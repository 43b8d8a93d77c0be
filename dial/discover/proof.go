package discover

import "fmt"

// Source is a way to learn of servers.
type Source string

// The sources. What is read of each is bounded in time and size.
const (
	PACC       Source = "pacc"       // a document at the domain, with its digest in the DNS
	SRV        Source = "srv"        // SRV records (RFC 6186, RFC 8314 §5.1)
	Autoconfig Source = "autoconfig" // a document at the domain
	ISPDB      Source = "ispdb"      // a public table of providers, by the domain
	MX         Source = "mx"         // the domain's MX, looked up in a table of providers
	Guess      Source = "guess"      // conventional names under the domain
)

// Voucher says who vouches for what a source says. A greater value is stronger evidence.
// The package documentation says against which attackers each protects.
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
	// Table: a table of providers, the program's own or the one that it names.
	Table
	// OtherHTTPS: a host outside the domain, with a certificate for its name, that sent
	// the document or redirected to it.
	OtherHTTPS
	// DomainHTTPS: a host of the domain, with a certificate for its name.
	DomainHTTPS
	// SignedDNS: the domain's DNS, validated by a resolver that is trusted.
	SignedDNS
	// Digest: a host of the domain, with a certificate for its name. The domain's DNS,
	// which is not signed, has the digest of the document.
	Digest
	// SignedDigest: as Digest, and the DNS is signed and was validated.
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

// Proof is a source that names a server, and who vouches for what it says.
type Proof struct {
	Source  Source  // the source that names the server
	Voucher Voucher // who vouches for it
	// Host is the name of who vouches: for DNS the domain, for HTTPS the host that sent
	// the document or, if hosts outside the domain redirected to it, the first of them,
	// and for the program's own table the provider's MX domain.
	Host string
}

// String returns the proof in words, as in "srv: signed DNS (example.org)".
func (p Proof) String() string {
	if p.Host == "" {
		return fmt.Sprintf("%s: %v", p.Source, p.Voucher)
	}
	return fmt.Sprintf("%s: %v (%s)", p.Source, p.Voucher, p.Host)
}

// ofDomain reports whether the domain itself vouches, so that a server outside the
// domain is the domain's choice.
func (p Proof) ofDomain() bool { return p.Voucher >= DomainHTTPS }
