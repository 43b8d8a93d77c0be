package demo

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
)

func at(url string) dial.Endpoint { return dial.MustParseEndpoint(url) }

// scenes returns all of them: each kind of finding of an endpoint is in one.
func scenes() []*scene {
	return append([]*scene{
		{endpoint: at("imaps://imap.demo.example:993"), about: "all is as it should be", login: true},
		{endpoint: at("submission://smtp.demo.example:587"), about: "all is as it should be, with STARTTLS", login: true},
		{endpoint: at("imap://stripped.demo.example:143"), about: "an attacker removes the offer of STARTTLS", attack: dialtest.Strip},
		{endpoint: at("submission://injected.demo.example:587"), about: "an attacker puts a line behind the beginning of TLS", attack: dialtest.Inject},
		{endpoint: at("imap://preauth.demo.example:143"), about: "the server says that the client is logged in", server: func(c *dialtest.Config) {
			c.Greeting = "* PREAUTH welcome back"
		}},
		{endpoint: at("pop3://clear.demo.example:110"), about: "passwords are taken without TLS", server: func(c *dialtest.Config) { c.LoginInClear = true }},
		{endpoint: at("imaps://plain.demo.example:993"), about: "no TLS on the port for it", attack: dialtest.PlainOnTLSPort},
		{endpoint: at("submission://refused.demo.example:587"), about: "STARTTLS is listed and not done", attack: dialtest.Refuse},
		{endpoint: at("imap://other-protocol.demo.example:143"), about: "another protocol on the port", server: func(c *dialtest.Config) { c.Protocol = policy.Submission }},
		{endpoint: at("imap://endless.demo.example:143"), about: "a greeting that does not end", server: func(c *dialtest.Config) {
			c.Greeting = "* OK " + strings.Repeat("and more ", 20_000)
		}},
		{endpoint: at("imaps://silent.demo.example:993"), about: "no answer", attack: dialtest.Stall, hurry: true},
		{endpoint: at("imaps://turned-away.demo.example:993"), about: "the server turns the client away", server: func(c *dialtest.Config) {
			c.Rules = []dialtest.Rule{{At: "greeting", Reply: "* BYE too busy", End: dialtest.EndClose}}
		}},
		{endpoint: at("imaps://hangs-up.demo.example:993"), about: "the server hangs up", server: func(c *dialtest.Config) {
			c.Rules = []dialtest.Rule{{At: "greeting", Bytes: -1, End: dialtest.EndClose}}
		}},
		{endpoint: at("pop3s://old-only.demo.example:995"), about: "nothing newer than TLS 1.1", server: versions(tls.VersionTLS10, tls.VersionTLS11)},
		{endpoint: at("imaps://old-too.demo.example:993"), about: "TLS 1.0 and 1.1 as well", server: versions(tls.VersionTLS10, tls.VersionTLS13)},
		{endpoint: at("imaps://no-handshake.demo.example:993"), about: "a client certificate is demanded", server: func(c *dialtest.Config) {
			c.TLS.ClientAuth = tls.RequireAnyClientCert
		}},
		{endpoint: at("imaps://other-password.demo.example:993"), about: "the password is wrong", login: true, server: func(c *dialtest.Config) { c.Password = "another" }},
		{endpoint: at("imaps://unbound.demo.example:993"), about: "a login bound to TLS is offered and refused", login: true, server: func(c *dialtest.Config) {
			c.Rules = []dialtest.Rule{{At: "AUTHENTICATE SCRAM-SHA-256-PLUS", Reply: "NO not here"}}
		}},
		{endpoint: at("imaps://gone.demo.example:993"), about: "nothing listens", gone: true},
		{endpoint: at("imap://hidden.demo.example:143"), about: "STARTTLS is done and not listed", server: func(c *dialtest.Config) {
			c.Greeting = "* OK ready"
			c.Rules = []dialtest.Rule{{At: "CAPABILITY", Reply: "* CAPABILITY IMAP4rev1 LOGINDISABLED\nOK listed"}}
		}},
	}, certificates()...)
}

// certificates returns the scenes in which the certificate is what is wrong.
func certificates() []*scene {
	unknown := func(w *World) *authority { return w.unknown }
	changed := func(change func(*x509.Certificate)) certificate { return certificate{change: change} }
	return []*scene{
		{endpoint: at("imaps://expired.demo.example:993"), about: "the certificate has expired", cert: changed(func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = Now().AddDate(0, 0, -95), Now().AddDate(0, 0, -5)
		})},
		{endpoint: at("imaps://early.demo.example:993"), about: "the certificate is not valid yet", cert: changed(func(c *x509.Certificate) {
			c.NotBefore = time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)
			c.NotAfter = c.NotBefore.AddDate(0, 0, 90)
		})},
		{endpoint: at("imaps://expires.demo.example:993"), about: "the certificate is about to expire", cert: changed(func(c *x509.Certificate) {
			c.NotAfter = Now().AddDate(0, 0, 12).Add(time.Hour)
		})},
		{endpoint: at("imaps://name.demo.example:993"), about: "the certificate is for another name", cert: changed(func(c *x509.Certificate) {
			c.DNSNames = []string{"www.demo.example", "demo.example"}
		})},
		{endpoint: at("imaps://no-names.demo.example:993"), about: "the certificate is for no name", cert: changed(func(c *x509.Certificate) { c.DNSNames = nil })},
		{endpoint: at("imaps://purpose.demo.example:993"), about: "the certificate is not for servers", cert: changed(func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		})},
		{endpoint: at("imaps://self.demo.example:993"), about: "the server has issued its certificate itself", cert: certificate{self: true}},
		{endpoint: at("imaps://authority.demo.example:993"), about: "the certificate is of an unknown authority", cert: certificate{issuer: unknown}},
		{endpoint: at("imaps://incomplete.demo.example:993"), about: "the chain is not complete", cert: certificate{partial: true}},
		{endpoint: at("imaps://weak-key.demo.example:993"), about: "the key is too short", cert: certificate{weak: true}},
		{endpoint: at("imaps://pin.demo.example:993"), about: "the key is not the one that was agreed to", cert: certificate{self: true}, pinned: true},
	}
}

func versions(low, high uint16) func(*dialtest.Config) {
	return func(c *dialtest.Config) { c.TLS.MinVersion, c.TLS.MaxVersion = low, high }
}
