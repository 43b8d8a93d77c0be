package dns

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/net/dns/dnsmessage"
)

// TypeTLSA is the type of TLSA records (RFC 6698 §7.1).
const TypeTLSA dnsmessage.Type = 52

// TLSA is a TLSA record, with which the operator of a server says in the signed DNS
// what its certificate is (RFC 6698 §2.1). The constants have the values that servers of
// mail use.
type TLSA struct {
	Usage    uint8  // what the certificate in Data is to the server's
	Selector uint8  // the part of the certificate that Data is about
	Matching uint8  // how Data stands for that part
	Data     []byte // the part itself, or its hash
}

// Values of the fields of a [TLSA].
const (
	UsageTA uint8 = 2 // Data is of an authority that has issued the certificate
	UsageEE uint8 = 3 // Data is of the server's own certificate

	SelectorCert uint8 = 0 // the whole certificate
	SelectorKey  uint8 = 1 // its SubjectPublicKeyInfo

	MatchFull   uint8 = 0 // Data is the part itself
	MatchSHA256 uint8 = 1 // Data is its SHA-256 hash
	MatchSHA512 uint8 = 2 // Data is its SHA-512 hash
)

// ParseTLSA reads a record from its data in a DNS message. Data is a copy.
func ParseTLSA(rdata []byte) (TLSA, error) {
	if len(rdata) < 3 {
		return TLSA{}, errors.New("dns: TLSA record shorter than 3 bytes")
	}
	return TLSA{rdata[0], rdata[1], rdata[2], append([]byte(nil), rdata[3:]...)}, nil
}

// Unusable returns why the record does not verify a server of mail (RFC 7672 §3.1.3,
// RFC 7671 §9), and nil if it can: its usage is UsageTA or UsageEE, selector and matching
// are known, and Data is as long as the matching wants it.
func (r TLSA) Unusable() error {
	switch {
	case r.Usage != UsageTA && r.Usage != UsageEE:
		return fmt.Errorf("usage %d is not for mail servers", r.Usage)
	case r.Selector > SelectorKey:
		return fmt.Errorf("selector %d is not known", r.Selector)
	case r.Matching > MatchSHA512:
		return fmt.Errorf("matching %d is not known", r.Matching)
	case len(r.Data) == 0,
		r.Matching == MatchSHA256 && len(r.Data) != sha256.Size,
		r.Matching == MatchSHA512 && len(r.Data) != sha512.Size:
		return fmt.Errorf("matching %d with %d bytes of data", r.Matching, len(r.Data))
	}
	return nil
}

// shown is how many bytes of its data the text of a record has.
const shown = 64

// String returns the record as in a zone file, and cuts off data longer than 64 bytes.
func (r TLSA) String() string {
	data, more := r.Data, ""
	if len(data) > shown {
		data, more = data[:shown], "..."
	}
	return fmt.Sprintf("%d %d %d %s%s", r.Usage, r.Selector, r.Matching, hex.EncodeToString(data), more)
}
