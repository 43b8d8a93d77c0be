package findings

import (
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// The settings that a next step names are those of the program that fits the port.
func TestSettings(t *testing.T) {
	for _, c := range []struct {
		url, error string
		reason     report.Reason
		want, not  string
	}{
		{"imap://a.test", "", report.NotOffered, "`ssl = required`", "Postfix"},
		{"submission://a.test", "", report.NotOffered, "`smtpd_tls_security_level=encrypt`", "Dovecot"},
		{"smtp://a.test", "", report.NotOffered, "`smtpd_tls_security_level = may`", "Dovecot"},
		{"imaps://a.test", "", report.NotTLS, "`ssl = yes` in the `inet_listener`", "required"},
		{"submissions://a.test", "", report.NotTLS, "`smtpd_tls_wrappermode=yes`", "Dovecot"},
		{"pop3s://a.test", "tls: certificate required", report.Handshake, "`auth_ssl_require_client_cert = no`", "Postfix"},
		{"submissions://a.test", "tls: certificate required", report.Handshake, "`smtpd_tls_req_ccert = no`", "Dovecot"},
		{"imaps://a.test", "tls: no", report.Handshake, "`journalctl -u dovecot`", "client_cert"},
		{"pop3://a.test", "", report.Silent, "`openssl s_client -starttls pop3 -connect a.test:110`", "postfix"},
		{"submissions://a.test", "", report.Silent, "`openssl s_client -connect a.test:465`", "dovecot"},
		{"imap://[2001:db8::1]:1143", "", report.Silent, "`openssl s_client -starttls imap -connect [2001:db8::1]:1143`", "postfix"},
		{"submission://a.test", "", report.HungUp, "`journalctl -u 'postfix*'`", "look at the log. "},
		{"submission://a.test", "connect: connection refused", report.Unreachable, "`systemctl status 'postfix*'`", "dovecot"},
		{"imaps://a.test", "", report.CertPartial, "You: do not log in until it is mended.", "Postfix"},
		{"imaps://a.test", "", report.Other, "Operator of the server: look at the log.", "  "},
		{"imaps://a.test", "connect: connection refused", report.Unreachable, "`systemctl status dovecot`", "on the net"},
		{"imaps://a.test", "no such host", report.Unreachable, "on the net", "systemctl"},
	} {
		e := &report.Endpoint{URL: dial.MustParseEndpoint(c.url), Outcomes: []report.Outcome{{Reason: c.reason, Error: c.error}}, Chain: []report.Certificate{{}}}
		got := ofEndpoint(e, 0)
		if len(got) != 1 || !strings.Contains(got[0].Next, c.want) || strings.Contains(got[0].Next, c.not) {
			t.Errorf("%s %s %s: %+v", c.url, c.reason, c.error, got)
		}
	}
}

// What is said of careless programs goes by what the server lists without TLS.
func TestCareless(t *testing.T) {
	e := &report.Endpoint{URL: dial.MustParseEndpoint("imap://a.test"), Clear: &report.Offer{}}
	refuses := careless(e)
	e.Clear.Mechanisms = []string{"PLAIN"}
	if takes := careless(e); !strings.Contains(refuses, "refuses such logins") || strings.Contains(takes, "refuses") {
		t.Errorf("%q, %q", refuses, takes)
	}
	relay := &report.Endpoint{URL: dial.MustParseEndpoint("smtp://a.test"), Clear: &report.Offer{}}
	if between := careless(relay); strings.Contains(between, "password") || !strings.Contains(between, "mail") {
		t.Errorf("%q", between)
	}
}

// Old TLS is turned off in another way before Postfix 3.6.
func TestOldTLS(t *testing.T) {
	e := &report.Endpoint{URL: dial.MustParseEndpoint("smtps://a.test"), Outcomes: []report.Outcome{{Result: report.Protected}}, OldTLS: &report.OldTLS{TLS10: true}}
	got := ofEndpoint(e, 0)
	if len(got) != 1 || !strings.Contains(got[0].Next, "`smtpd_tls_mandatory_protocols = >=TLSv1.2`, before 3.6 `!SSLv2, !SSLv3, !TLSv1, !TLSv1.1`") {
		t.Errorf("%+v", got)
	}
}

// Texts of others have none of the marks that stand around settings, wherever they come from.
func TestMarks(t *testing.T) {
	const mark = "`#"
	e := &report.Endpoint{
		URL:      dial.MustParseEndpoint("imaps://a.test"),
		Outcomes: []report.Outcome{{Reason: report.Other, Error: mark, Hint: mark}},
	}
	d := &report.Domain{
		Name: mark, Sources: []report.Source{{Name: mark, State: report.Answered}, {Name: mark, State: report.Failed, Error: mark}},
		Reading: []report.Candidate{{URL: dial.Endpoint{Host: mark}, Standing: report.Rejected, Proofs: []report.Proof{{Source: mark}}}},
		MX:      &report.MX{Broken: mark, Hosts: []report.MXHost{{Name: mark, Error: mark}, {Why: mark}, {Name: mark, Error: "policy does not name the host"}}},
	}
	offline := &report.Domain{Sources: []report.Source{{State: report.Failed, Error: mark}}}
	later := &report.Domain{MX: &report.MX{Later: true, Error: mark}}
	all := ofEndpoint(e, 0)
	for _, d := range []*report.Domain{d, offline, later} {
		all = append(all, ofDomain(d)...)
	}
	if len(all) < 10 {
		t.Errorf("%d findings", len(all))
	}
	for _, f := range all {
		if strings.Contains(f.What+f.Next, mark) || strings.ContainsAny(f.What+f.Next, "{}") {
			t.Errorf("%+v", f)
		}
	}
}

// What a domain's owner changes for a host that is not used.
func TestMend(t *testing.T) {
	got := ofHost("a.test", report.MXHost{Name: "mx.a.test", Error: "it is not named", NotInPolicy: true}).Next
	if !strings.Contains(got, "`mx: mx.a.test`") || !strings.Contains(got, "`_mta-sts.a.test`") {
		t.Error(got)
	}
	if got := ofHost("a.test", report.MXHost{Error: "no key fits"}).Next; !strings.Contains(got, "TLSA") {
		t.Error(got)
	}
}
