package dial_test

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
)

func TestWordsOfSecurity(t *testing.T) {
	for m, word := range []string{"plaintext", "implicit", "starttls"} {
		mode, read := dial.Mode(m), dial.Mode(99)
		text, err := mode.MarshalText()
		if err != nil || string(text) != word || read.UnmarshalText(text) != nil || read != mode {
			t.Errorf("%v: %q, %v, read as %v", mode, text, err, read)
		}
	}
	for v, word := range []string{"no", "pkix", "pinned"} {
		verified, read := dial.Verified(v), dial.Verified(99)
		text, err := verified.MarshalText()
		if err != nil || string(text) != word || read.UnmarshalText(text) != nil || read != verified {
			t.Errorf("%v: %q, %v, read as %v", verified, text, err, read)
		}
	}
	for _, word := range []string{"", "PKIX", "pkix ", "mode(3)", "verified(3)"} {
		m, v := dial.STARTTLS, dial.VerifiedPinned
		if m.UnmarshalText([]byte(word)) == nil || v.UnmarshalText([]byte(word)) == nil || m != dial.STARTTLS || v != dial.VerifiedPinned {
			t.Errorf("%q was read: %v, %v", word, m, v)
		}
	}
	if _, err := dial.Mode(3).MarshalText(); err == nil {
		t.Error("a mode that is none was written")
	}
	if _, err := dial.Verified(3).MarshalText(); err == nil {
		t.Error("a way to verify that is none was written")
	}
}

func TestSecurity(t *testing.T) {
	state := &tls.ConnectionState{Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256}
	down := &policy.Violation{Policy: policy.OpportunisticSTARTTLS, Reason: policy.ErrNotOffered, Reply: "502 \x1b no"}
	e := dial.Endpoint{Protocol: policy.SMTP, Host: "h", Port: 25, Policy: policy.OpportunisticSTARTTLS}
	for _, c := range []struct {
		s                       dial.Security
		encrypted, confidential bool
		text                    string
		logged                  []string
	}{
		{dial.Security{}, false, false, "unset+unset://: in the clear", []string{"mode=plaintext", "confidential=false"}},
		{dial.Security{Endpoint: e, Downgrade: down}, false, false,
			`smtp+opportunistic://h:25: in the clear: server does not offer STARTTLS ("502 \x1b no")`,
			[]string{"endpoint=smtp+opportunistic://h:25", "verified=no", `downgrade="server does not offer STARTTLS`}},
		{dial.Security{Endpoint: e, Mode: dial.STARTTLS, TLS: state, ServerName: "h"}, true, false,
			"smtp+opportunistic://h:25: TLS 1.3, TLS_AES_128_GCM_SHA256, server not verified", []string{"mode=starttls", "verified=no", "confidential=false"}},
		{dial.Security{Endpoint: imaps("h"), Mode: dial.ImplicitTLS, TLS: state, Verified: dial.VerifiedPKIX, ServerName: "n"}, true, true,
			"imaps://h:993: TLS 1.3, TLS_AES_128_GCM_SHA256, n verified (pkix)",
			[]string{"mode=implicit", "verified=pkix", "confidential=true", `version="TLS 1.3"`, "suite=TLS_AES_128_GCM_SHA256", "server_name=n"}},
		{dial.Security{Verified: dial.VerifiedPKIX}, false, false, "unset+unset://: in the clear", nil},
	} {
		if c.s.Encrypted() != c.encrypted || c.s.Confidential() != c.confidential || c.s.String() != c.text {
			t.Errorf("%q: encrypted %v, confidential %v", c.s, c.s.Encrypted(), c.s.Confidential())
		}
		var b bytes.Buffer
		slog.New(slog.NewTextHandler(&b, nil)).Info("m", "s", c.s)
		for _, want := range c.logged {
			if !strings.Contains(b.String(), "s."+want) {
				t.Errorf("%q: %s is not in %s", c.s, want, b.String())
			}
		}
	}
}

func TestEnumStrings(t *testing.T) {
	if got := dial.Mode(7).String(); got != "mode(7)" {
		t.Error(got)
	}
	if got := dial.Verified(7).String(); got != "verified(7)" {
		t.Error(got)
	}
}
