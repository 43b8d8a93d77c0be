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
		{"submissions://a.test", "", report.NotTLS, "`smtpd_tls_wrappermode=yes`", "Dovecot"},
		{"pop3s://a.test", "tls: certificate required", report.Handshake, "`auth_ssl_require_client_cert = no`", "Postfix"},
		{"submissions://a.test", "tls: certificate required", report.Handshake, "`smtpd_tls_req_ccert = no`", "Dovecot"},
		{"imaps://a.test", "tls: no", report.Handshake, "`journalctl -u dovecot`", "client_cert"},
		{"pop3://a.test", "", report.Silent, "`openssl s_client -starttls pop3 -connect a.test:110`", "postfix"},
		{"submissions://a.test", "", report.Silent, "`openssl s_client -connect a.test:465`", "dovecot"},
		{"imaps://a.test", "connect: connection refused", report.Unreachable, "`systemctl status dovecot`", "on the net"},
		{"imaps://a.test", "no such host", report.Unreachable, "on the net", "systemctl"},
	} {
		e := &report.Endpoint{URL: dial.MustParseEndpoint(c.url), Outcomes: []report.Outcome{{Reason: c.reason, Error: c.error}}}
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
}

// Texts of servers have none of the marks that stand around settings.
func TestMarks(t *testing.T) {
	e := &report.Endpoint{
		URL:      dial.MustParseEndpoint("imaps://a.test"),
		Outcomes: []report.Outcome{{Reason: report.Other, Error: "a `b", Hint: "c `d"}},
	}
	got := ofEndpoint(e, 0)
	if len(got) != 1 || strings.Contains(got[0].What+got[0].Next, "`") {
		t.Errorf("%+v", got)
	}
}

// What a domain's owner changes for a host that is not used.
func TestMend(t *testing.T) {
	got := mend("a.test", report.MXHost{Name: "mx.a.test", Error: "it is not named", NotInPolicy: true})
	if !strings.Contains(got, "`mx: mx.a.test`") || !strings.Contains(got, "`_mta-sts.a.test`") {
		t.Error(got)
	}
	if got := mend("a.test", report.MXHost{Error: "no key fits"}); !strings.Contains(got, "TLSA") {
		t.Error(got)
	}
}
