package demo

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/dial/dns"
)

// Address is that of the demo's domain.
const Address = User + "@demo.example"

// webAddress is where the demo's web site is, by its name server. The address is one that
// is set apart for documentation (RFC 5737).
const webAddress = "192.0.2.80"

// records are what the demo's name server knows of: all other names do not exist.
func records() []record {
	return []record{
		{"autoconfig.demo.example", address(webAddress)},
		{"mta-sts.demo.example", address(webAddress)},
		{"_mta-sts.demo.example", &dnsmessage.TXTResource{TXT: []string{"v=STSv1; id=20260101"}}},
		{"demo.example", exchange(10, "mx1.demo.example")},
		{"demo.example", exchange(20, "mx2.demo.example")},
		{"mx1.demo.example", address("192.0.2.25")},
		{"mx2.demo.example", address("192.0.2.26")},
		{"_imaps._tcp.demo.example", service("imap.demo.example", 993)},
		{"_submission._tcp.demo.example", service("smtp.demo.example", 587)},
	}
}

// document is the domain's autoconfig. It names another server than the DNS for IMAP, and
// one without TLS for POP3.
const document = `<clientConfig version="1.1"><emailProvider id="demo.example">
<incomingServer type="imap"><hostname>old-too.demo.example</hostname><port>993</port><socketType>SSL</socketType>
<authentication>password-cleartext</authentication><username>%EMAILADDRESS%</username></incomingServer>
<incomingServer type="pop3"><hostname>clear.demo.example</hostname><port>110</port><socketType>plain</socketType>
<authentication>password-cleartext</authentication><username>%EMAILADDRESS%</username></incomingServer>
<outgoingServer type="smtp"><hostname>smtp.demo.example</hostname><port>587</port><socketType>STARTTLS</socketType>
<authentication>password-cleartext</authentication><username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider></clientConfig>`

// stsPolicy is the domain's MTA-STS policy. It names one of the two hosts only.
const stsPolicy = "version: STSv1\nmode: enforce\nmx: mx1.demo.example\nmax_age: 604800\n"

// startSite starts the web site of the domain.
func (w *World) startSite() error {
	key, err := keyFor("autoconfig.demo.example")
	if err != nil {
		return err
	}
	names := []string{"autoconfig.demo.example", "mta-sts.demo.example"}
	cert, err := w.middle.issue(names[0], key, func(c *x509.Certificate) { c.DNSNames = names }, w.middle.cert)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w.ports[net.JoinHostPort(webAddress, "443")] = l.Addr().String()
	pages := http.NewServeMux()
	pages.HandleFunc("/mail/config-v1.1.xml", func(rw http.ResponseWriter, _ *http.Request) { rw.Write([]byte(document)) })
	pages.HandleFunc("/.well-known/mta-sts.txt", func(rw http.ResponseWriter, _ *http.Request) { rw.Write([]byte(stsPolicy)) })
	site := &http.Server{Handler: pages, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}, ErrorLog: quiet()}
	w.closers = append(w.closers, site.Close)
	go site.ServeTLS(l, "", "")
	return nil
}

// Find returns how to ask for the servers of the domain.
func (w *World) Find() *discover.Options {
	return &discover.Options{
		Resolver:  &dns.Resolver{Servers: nameServer(), Dial: dialNames},
		Transport: &http.Transport{DialContext: w.DialContext, TLSClientConfig: w.ClientConfig()},
		Dialer:    &dial.Dialer{NetDialer: w, TLSConfig: w.ClientConfig()},
	}
}
