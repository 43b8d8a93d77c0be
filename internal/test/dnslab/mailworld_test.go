package dnslab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/dnslab/nameservers"
	"github.com/mailconn/mailconn/policy"
)

// mailRow is a domain, with one mail server of its own.
type mailRow struct {
	name, zone string
	records    []string // DOM, IP, EE and so on are replaced; for hosts of the zone
	elsewhere  []string // in the unsigned zone
	cert       string   // "": self-signed for another name
	noTLS      bool
	want       string // verified, tls, clear, deferred, refused
	theirs     string // what posttls-finger says, if it is something else
	differs    string // why
}

// mailWorld is the domains, and what their servers and records are made of.
type mailWorld struct {
	t     *testing.T
	rows  []mailRow
	key   *ecdsa.PrivateKey // of servers
	root  *x509.Certificate
	rootK *ecdsa.PrivateKey
}

const (
	mxHost = "DOM MX 10 mx.DOM"
	addr   = "mx.DOM A IP"
	// demands is why posttls-finger differs for a server without STARTTLS.
	demands = "it only looks at TLS that is offered; Postfix itself demands it where there are TLSA records"
	tlsaAt  = "_25._tcp.mx.DOM TYPE52 "
)

func mailRows() []mailRow {
	ee := []string{mxHost, addr, tlsaAt + "EE311"}
	with := func(tlsa ...string) []string {
		all := []string{mxHost, addr}
		for _, r := range tlsa {
			all = append(all, tlsaAt+r)
		}
		return all
	}
	signed := func(r mailRow) mailRow { r.zone = "signed.example"; return r }
	all := []mailRow{
		signed(mailRow{name: "ee", records: ee, want: "verified"}),
		signed(mailRow{name: "ee-cert", records: with("EE301"), want: "verified"}),
		signed(mailRow{name: "ee-512", records: with("EE312"), want: "verified"}),
		signed(mailRow{name: "ee-full", records: with("EE310"), want: "verified"}),
		signed(mailRow{name: "ee-expired", records: ee, cert: "expired", want: "verified"}),
		signed(mailRow{name: "ee-wrong", records: with("WRONG"), want: "deferred"}),
		signed(mailRow{name: "ee-second", records: with("WRONG", "EE311"), want: "verified"}),
		signed(mailRow{name: "ee-no-tls", records: ee, noTLS: true, want: "deferred", theirs: "clear", differs: demands}),
		signed(mailRow{name: "agility", records: with("EE311", "WRONG512"), want: "deferred"}),
		signed(mailRow{name: "ta", records: with("TA201"), cert: "ta", want: "verified"}),
		signed(mailRow{name: "ta-key", records: with("TA211"), cert: "ta", want: "verified"}),
		signed(mailRow{name: "ta-domain", records: with("TA201"), cert: "ta-domain", want: "verified"}),
		signed(mailRow{name: "ta-other", records: with("TA201"), cert: "ta-other", want: "deferred"}),
		signed(mailRow{name: "ta-expired", records: with("TA201"), cert: "ta-expired", want: "deferred"}),
		signed(mailRow{name: "ta-absent", records: with("TA201"), cert: "ta-short", want: "deferred"}),
		signed(mailRow{name: "ta-full", records: with("TA200"), cert: "ta-short", want: "verified"}),
		signed(mailRow{name: "ta-full-key", records: with("TA210"), cert: "ta-short", want: "verified"}),
		signed(mailRow{name: "unusable-usage", records: with("PKIX"), want: "tls"}),
		signed(mailRow{name: "unusable-matching", records: with("MATCH9"), want: "tls"}),
		signed(mailRow{name: "unusable-short", records: with("SHORT"), want: "tls"}),
		signed(mailRow{name: "unusable-mixed", records: with("PKIX", "EE311"), want: "verified"}),
		signed(mailRow{name: "unusable-no-tls", records: with("PKIX"), noTLS: true, want: "deferred", theirs: "clear", differs: demands}),
		signed(mailRow{name: "none", records: with(), want: "tls"}),
		signed(mailRow{name: "none-no-tls", records: with(), noTLS: true, want: "clear"}),
		signed(mailRow{name: "no-mx", records: []string{"DOM A IP", "_25._tcp.DOM TYPE52 EE311"}, want: "verified"}),
		signed(mailRow{name: "alias-end", records: []string{"DOM MX 10 al.DOM", "al.DOM CNAME mx.DOM", addr, tlsaAt + "EE311"}, want: "verified"}),
		signed(mailRow{name: "alias-own", records: []string{"DOM MX 10 al.DOM", "al.DOM CNAME mx.DOM", addr, "_25._tcp.al.DOM TYPE52 EE311"}, want: "verified"}),
		signed(mailRow{name: "tlsa-alias", records: []string{mxHost, addr, "_25._tcp.mx.DOM CNAME t.DOM", "t.DOM TYPE52 EE311"}, want: "verified"}),
		signed(mailRow{name: "out", records: []string{"DOM MX 10 mx.out.plain.example."}, elsewhere: []string{"mx.out A IP", "_25._tcp.mx.out TYPE52 WRONG"}, want: "tls"}),
		signed(mailRow{name: "null", records: []string{"DOM MX 0 ."}, want: "refused"}),
		signed(mailRow{name: "absent", want: "refused"}),
		{name: "ee", zone: "plain.example", records: ee, want: "tls"},
		{name: "wrong", zone: "plain.example", records: with("WRONG"), want: "tls"},
		{name: "no-tls", zone: "plain.example", records: with(), noTLS: true, want: "clear"},
		{name: "ee", zone: "bogus.example", records: ee, want: "deferred"},
	}
	return all
}

func newMailWorld(t *testing.T) *mailWorld {
	w := &mailWorld{t: t, rows: mailRows()}
	var err, err2 error
	w.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.rootK, err2 = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	ca := &x509.Certificate{Subject: pkix.Name{CommonName: "root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	w.root = w.sign(ca, ca, w.rootK, &w.rootK.PublicKey, time.Hour)
	return w
}

func (w *mailWorld) sign(c, by *x509.Certificate, with, key any, until time.Duration) *x509.Certificate {
	c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(time.Now().UnixNano()), time.Now().Add(-2*time.Hour), time.Now().Add(until)
	der, err := x509.CreateCertificate(rand.Reader, c, by, key, with)
	if err != nil {
		w.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		w.t.Fatal(err)
	}
	return cert
}

// certificate makes what the server of a row presents.
func (w *mailWorld) certificate(r mailRow) tls.Certificate {
	name, until := "mx."+r.name+"."+r.zone, time.Hour
	issued := strings.HasPrefix(r.cert, "ta")
	switch {
	case r.cert == "ta-domain":
		name = r.name + "." + r.zone
	case r.cert == "ta-other", !issued:
		name = "another.name"
	}
	if strings.HasSuffix(r.cert, "expired") {
		until = -time.Hour
	}
	leaf := &x509.Certificate{Subject: pkix.Name{CommonName: "server"}, DNSNames: []string{name}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if !issued {
		return tls.Certificate{Certificate: [][]byte{w.sign(leaf, leaf, w.key, &w.key.PublicKey, until).Raw}, PrivateKey: w.key}
	}
	chain := [][]byte{w.sign(leaf, w.root, w.rootK, &w.key.PublicKey, until).Raw}
	if r.cert != "ta-short" {
		chain = append(chain, w.root.Raw)
	}
	return tls.Certificate{Certificate: chain, PrivateKey: w.key}
}

// data returns the data of a TLSA record by its word in a row.
func (w *mailWorld) data(word string, leaf []byte) string {
	generic := func(b []byte) string { return fmt.Sprintf(`\# %d %x`, len(b), b) }
	var data []byte
	switch word {
	case "WRONG":
		data = append([]byte{3, 1, 1}, make([]byte, 32)...)
	case "WRONG512":
		data = append([]byte{3, 1, 2}, make([]byte, 64)...)
	case "PKIX":
		data = append([]byte{1, 1, 1}, make([]byte, 32)...)
	case "MATCH9":
		data = append([]byte{3, 1, 9}, make([]byte, 32)...)
	case "SHORT":
		data = append([]byte{3, 1, 1}, make([]byte, 31)...)
	default:
		cert, err := x509.ParseCertificate(leaf)
		if err != nil {
			w.t.Fatal(err)
		}
		if strings.HasPrefix(word, "TA") {
			cert = w.root
		}
		part := cert.Raw
		if word[3] == '1' {
			part = cert.RawSubjectPublicKeyInfo
		}
		sum, long := sha256.Sum256(part), sha512.Sum512(part)
		data = append([]byte{word[2] - '0', word[3] - '0', word[4] - '0'}, map[byte][]byte{'0': part, '1': sum[:], '2': long[:]}[word[4]]...)
	}
	return generic(data)
}

// serve starts the name servers and the mail servers.
func (w *mailWorld) serve() {
	zones := map[string]*nameservers.Zone{
		"signed.example": {Name: "signed.example", Signed: true}, "bogus.example": {Name: "bogus.example", Signed: true, Expired: true},
		"plain.example": {Name: "plain.example"},
	}
	for i, r := range w.rows {
		cert := w.certificate(r)
		ip := address(i)
		add := func(zone string, lines []string) {
			for _, line := range lines {
				words := strings.Fields(strings.NewReplacer("DOM", r.name, "IP", ip).Replace(line))
				if len(words) == 3 && words[1] == "TYPE52" {
					words[2] = w.data(words[2], cert.Certificate[0])
				}
				zones[zone].Records = append(zones[zone].Records, strings.Join(words, " "))
			}
		}
		add(r.zone, r.records)
		add("plain.example", r.elsewhere)
		s, err := dialtest.NewServer(dialtest.Config{Protocol: policy.SMTP, NoSTARTTLS: r.noTLS, TLS: &tls.Config{Certificates: []tls.Certificate{cert}}})
		if err != nil {
			w.t.Fatal(err)
		}
		w.t.Cleanup(func() { s.Close() })
		listenAt(w.t, ip, s.Serve)
	}
	ns := nameservers.StartNSD(w.t, *zones["signed.example"], *zones["bogus.example"], *zones["plain.example"])
	nameservers.StartUnboundAt(w.t, ns, ns.Port, 53)
}
