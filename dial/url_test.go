package dial_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/policy"
)

func TestParseEndpoint(t *testing.T) {
	const no, imp, opp, req = policy.NoTLS, policy.ImplicitTLS, policy.OpportunisticSTARTTLS, policy.RequiredSTARTTLS
	for _, c := range []struct {
		url   string
		proto policy.Protocol
		host  string
		port  uint16
		p     policy.Policy
		back  string // String, if it is not url
	}{
		{"imaps://h", policy.IMAP, "h", 0, imp, ""},
		{"pop3s://h", policy.POP3, "h", 0, imp, ""},
		{"submissions://h", policy.Submission, "h", 0, imp, ""},
		{"smtps://h", policy.SMTP, "h", 0, imp, ""},
		{"imap://h", policy.IMAP, "h", 0, req, ""},
		{"pop3://h", policy.POP3, "h", 0, req, ""},
		{"submission://h", policy.Submission, "h", 0, req, ""},
		{"smtp://h", policy.SMTP, "h", 0, req, ""},
		{"imap+starttls://h", policy.IMAP, "h", 0, req, "imap://h"},
		{"pop3+opportunistic://h", policy.POP3, "h", 0, opp, ""},
		{"smtp+plain://h", policy.SMTP, "h", 0, no, ""},
		{"IMAP+StartTLS://Mail.EXAMPLE.org/", policy.IMAP, "mail.example.org", 0, req, "imap://mail.example.org"},
		{"imaps://h:1", policy.IMAP, "h", 1, imp, ""},
		{"imaps://h:65535", policy.IMAP, "h", 65535, imp, ""},
		{"imaps://h:993/", policy.IMAP, "h", 993, imp, "imaps://h:993"},
		{"imaps://mail.example.org.", policy.IMAP, "mail.example.org", 0, imp, "imaps://mail.example.org"},
		{"imaps://my_host-1.local", policy.IMAP, "my_host-1.local", 0, imp, ""},
		{"imaps://bücher.example", policy.IMAP, "xn--bcher-kva.example", 0, imp, "imaps://xn--bcher-kva.example"},
		{"imaps://BÜCHER.example.", policy.IMAP, "xn--bcher-kva.example", 0, imp, "imaps://xn--bcher-kva.example"},
		{"imaps://192.0.2.1:99", policy.IMAP, "192.0.2.1", 99, imp, ""},
		{"imaps://[2001:DB8::0:1]:99", policy.IMAP, "2001:db8::1", 99, imp, "imaps://[2001:db8::1]:99"},
		{"imaps://[::1]", policy.IMAP, "::1", 0, imp, ""},
		{"imaps://[fe80::1%25eth0]:99", policy.IMAP, "fe80::1%eth0", 99, imp, ""},
		{"imaps://[fe80::1%eth0]", policy.IMAP, "fe80::1%eth0", 0, imp, "imaps://[fe80::1%25eth0]"},
	} {
		e, err := dial.ParseEndpoint(c.url)
		if want := (dial.Endpoint{Protocol: c.proto, Host: c.host, Port: c.port, Policy: c.p}); e != want || err != nil {
			t.Errorf("%s: %+v, %v", c.url, e, err)
		}
		if c.back == "" {
			c.back = c.url
		}
		if e.String() != c.back {
			t.Errorf("%s: comes back as %s", c.url, e)
		}
	}
}

func TestParseEndpointRefuses(t *testing.T) {
	for url, word := range map[string]string{
		"": "URL", "mail.example.org": "URL", "imaps:h": "URL", "imaps:/h": "URL", "://h": "scheme",
		"http://h": "scheme", "imap+tls://h": "scheme", "imaps+plain://h": "scheme", "imaps+starttls://h": "scheme",
		"imap+starttls+x://h": "scheme", " imap://h": "scheme", "protocol(5)://h": "scheme",
		"imaps://": "no host", "imaps:///": "no host", "imaps://.": "no host", "imaps://:993": "no host",
		"imaps://h:": "port", "imaps://h:0": "port", "imaps://h:65536": "port", "imaps://h:-1": "port", "imaps://h:+1": "port",
		"imaps://h:imap": "port", "imaps://h: 1": "port", "imaps://h:1:2": "port", "imaps://::1": "port", "imaps://2001:db8::1": "port",
		"imaps://h/INBOX": "a path", "imaps://h//": "a path", "imaps://h?x=y": "a path", "imaps://h#x": "a path", "imaps://h/?": "a path",
		"imaps://[h]": "brackets", "imaps://[::1": "brackets", "imaps://[]": "brackets", "imaps://[192.0.2.1]": "brackets",
		"imaps://[::1]993": "port", "imaps://[::g]": "host", "imaps://[fe80::1%25]": "host",
		"imaps://[fe80::1%25a b]": "zone", "imaps://[fe80::1%25a\r\nb]": "zone", "imaps://[fe80::1%25\u212a]": "zone",
		"imaps://a b": "host", "imaps://a\r\nb": "host", "imaps://a\x00": "host", "imaps://a..b": "host", "imaps://-a": "host",
		"imaps://a-": "host", "imaps://*.h": "host", "imaps://" + strings.Repeat("a", 64): "host", "imaps://a\u202eb": "host",
		"imaps://" + strings.Repeat("a.", 127) + "a": "host", "imaps://h\\x": "host",
	} {
		e, err := dial.ParseEndpoint(url)
		if err == nil || !strings.Contains(err.Error(), word) || e != (dial.Endpoint{}) {
			t.Errorf("%q: %+v, %v; want an error about %q", url, e, err, word)
		}
	}
}

func TestParseEndpointKeepsSecrets(t *testing.T) {
	for _, url := range []string{
		"imaps://user:hunter2@h", "imaps://hunter2@h", "imaps://:hunter2@h", "imaps://user:hunter2", "x://user:hunter2@h",
		"user:hunter2@h", "imaps://user%3Ahunter2%40h", "imaps://h?password=hunter2", "imaps://h/hunter2", "imaps://h#hunter2",
		"imaps://user:hunter2%40h", "imaps://[::1]:hunter2", "imaps://[user:hunter2", "imaps://user:12hunter2:1",
	} {
		if _, err := dial.ParseEndpoint(url); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestEndpointText(t *testing.T) {
	var e dial.Endpoint
	if text, err := e.MarshalText(); len(text) != 0 || err != nil {
		t.Errorf("zero: %q, %v", text, err)
	}
	e = dial.Endpoint{Protocol: policy.POP3, Host: "h", Port: 99, Policy: policy.ImplicitTLS}
	in := map[string]dial.Endpoint{"x": e}
	var out map[string]dial.Endpoint
	j, err := json.Marshal(in)
	if string(j) != `{"x":"pop3s://h:99"}` || err != nil {
		t.Errorf("JSON: %s, %v", j, err)
	}
	if err := json.Unmarshal(j, &out); err != nil || out["x"] != e {
		t.Errorf("from JSON: %v, %v", out, err)
	}
	kept := e
	if e.UnmarshalText([]byte("nonsense")) == nil || e != kept {
		t.Errorf("an error changed it to %v", e)
	}
	if err := e.UnmarshalText(nil); err != nil || e != (dial.Endpoint{}) {
		t.Errorf("from nothing: %v, %v", e, err)
	}
	for _, bad := range []dial.Endpoint{
		{Protocol: policy.IMAP, Host: "h"}, {Host: "h", Policy: policy.NoTLS}, {Protocol: policy.IMAP, Policy: policy.NoTLS},
		{Protocol: policy.IMAP, Host: "a/b", Policy: policy.NoTLS}, {Protocol: 5, Host: "h", Policy: policy.NoTLS},
		{Protocol: policy.IMAP, Host: "h", Policy: 9}, {Protocol: policy.IMAP, Host: "u@h", Policy: policy.NoTLS},
		{Protocol: policy.IMAP, Host: "fe80::1%a]/b", Policy: policy.NoTLS}, {Protocol: policy.IMAP, Host: "h:99", Policy: policy.NoTLS},
	} {
		if text, err := bad.MarshalText(); err == nil {
			t.Errorf("%#v is written as %q", bad, text)
		}
	}
}

// An endpoint that was parsed can be written and parsed again, and is the same. A host has
// one peer, which every store takes, and no other.
func FuzzParseEndpoint(f *testing.F) {
	for _, s := range []string{
		"imaps://h", "imap+plain://[fe80::1%25eth0]:99/", "smtp+opportunistic://bücher.example.", "pop3://u:p@h", "imaps://h:0",
		"imaps://[::ffff:192.0.2.1]", "::FFFF:192.0.2.1", "h.", "fe80::1%Eth0~", "2001:DB8::1", "imaps://a。b", "imaps://１.２.３.４", "imaps://xn--a", "imaps://[fe80::1%2525x]",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, url string) {
		given := peers.Peer{Protocol: policy.IMAP, Host: url, Port: 143}
		if p, err := (dial.Endpoint{Protocol: policy.IMAP, Host: url, Policy: policy.RequiredSTARTTLS}).Peer(); err == nil && (p.Validate() != nil || given.Validate() == nil && p != given) {
			t.Fatalf("%q: the peer is %+v (%v), and would be %+v", url, p, p.Validate(), given)
		}
		e, err := dial.ParseEndpoint(url)
		if err != nil {
			return
		}
		text := e.String()
		if strings.ContainsAny(text, "@\r\n\x00 ?#") || !e.Policy.Valid() || !e.Protocol.Valid() || e.Host == "" {
			t.Fatalf("%q: %q, %+v", url, text, e)
		}
		again, err := dial.ParseEndpoint(text)
		if err != nil || again != e {
			t.Fatalf("%q: %q comes back as %+v, %v", url, text, again, err)
		}
		if m, err := e.MarshalText(); err != nil || string(m) != text {
			t.Fatalf("%q: written as %q, %v", url, m, err)
		}
	})
}
