package dial_test

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

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
		{dial.Security{}, false, false, "unset+unset://: in the clear", []string{"confidential=false"}},
		{dial.Security{Endpoint: e, Downgrade: down}, false, false,
			`smtp+opportunistic://h:25: in the clear: server does not offer STARTTLS ("502 \x1b no")`,
			[]string{"endpoint=smtp+opportunistic://h:25", "verified=none", `downgrade="server does not offer STARTTLS`}},
		{dial.Security{Endpoint: e, TLS: state, ServerName: "h"}, true, false,
			"smtp+opportunistic://h:25: TLS 1.3, TLS_AES_128_GCM_SHA256, server not verified", []string{"verified=none", "confidential=false"}},
		{dial.Security{Endpoint: imaps("h"), TLS: state, Verified: trust.PKIX, ServerName: "n"}, true, true,
			"imaps://h:993: TLS 1.3, TLS_AES_128_GCM_SHA256, n verified (pkix)",
			[]string{"verified=pkix", "confidential=true", `version="TLS 1.3"`, "suite=TLS_AES_128_GCM_SHA256", "server_name=n"}},
		{dial.Security{Verified: trust.PKIX}, false, false, "unset+unset://: in the clear", nil},
		{dial.Security{Login: dial.Login{Mechanism: "PLAIN"}}, false, false, "unset+unset://: in the clear", []string{"login=PLAIN"}},
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
