package discover_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/internal/wire"
)

// FuzzDocument gives any bytes as a configuration. Whatever they are, the call
// returns; what it finds is whole, bounded and never without TLS, and every word
// in it can be shown and typed.
func FuzzDocument(f *testing.F) {
	for _, doc := range []string{
		simple("mail.example.org"),
		config(incoming("pop3", "%EMAILDOMAIN%", "110", "STARTTLS", "<username>%EMAILADDRESS%</username><authentication>OAuth2</authentication>")),
		config(incoming("imap", "a.example.org", "143", "plain")) + "<!-- x -->",
		strings.Replace(simple("x"), "</clientConfig>", "<oAuth2><issuer>login.example.com</issuer></oAuth2></clientConfig>", 1),
		config(incoming("imap", "2001:DB8::1", "993", "SSL"), incoming("imap", "::ffff:192.0.2.1", "143", "plain"), outgoing("192.0.2.1.", "465", "SSL")),
		`<!DOCTYPE x [<!ENTITY a "b">]>` + simple("&a;"),
	} {
		f.Add([]byte(doc), false)
	}
	for _, doc := range []string{paccDoc("mail.example.org"), "{}", `{"protocols":{"pop3":{"host":"a:1"},"smtp":null}}`, `{"authentication":{"oauth-public":{"issuer":"https://u@x/?y"}}}`} {
		f.Add([]byte(doc), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, json bool) {
		if len(body) > 64<<10 {
			return // is not read
		}
		res, err := discover.ReadDocument(body, json)
		check(t, "example.org", res)
		all := slices.Concat(res.Reading.Ready, res.Reading.Refused, res.Sending.Ready, res.Sending.Refused)
		if len(all) > 40 || res.Reading.AskFirst != nil || res.Sending.AskFirst != nil {
			t.Errorf("%s", show(res))
		}
		for _, c := range all {
			for _, text := range append(slices.Clone(c.Users), c.Issuer, c.Endpoint.Host) {
				if text != wire.Printable(text) {
					t.Errorf("%q", text)
				}
			}
			if c.Issuer != "" && !strings.HasPrefix(c.Issuer, "https://") {
				t.Errorf("issuer %q", c.Issuer)
			}
		}
		if len(all) == 0 && len(body) == 0 && err == nil {
			t.Error("nothing was found in an empty document, without an error")
		}
	})
}

// FuzzAddress gives any text as an address.
func FuzzAddress(f *testing.F) {
	for _, a := range []string{"joe@example.org", `"a b"@example.org`, "jörg@münchen.example", "a@b@c", "@", "a@[::1]", "a@xn--", "a@_b.c.", "ü@Ü.example.", "a@１.2.3.4", strings.Repeat("a", 64) + "@" + strings.Repeat("ü.", 30) + "example"} {
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if plain, err := discover.ParseAddress(address); err == nil {
			if again, err := discover.ParseAddress(plain); again != plain {
				t.Errorf("%q became %q, and that %q, %v", address, plain, again, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // so that nothing is asked
		res, err := discover.Find(ctx, address, nil)
		switch {
		case errors.Is(err, discover.ErrAddress):
			if res != nil || err.Error() != wire.Printable(err.Error()) {
				t.Errorf("%q: %v, %v", address, res, err)
			}
		case !errors.Is(err, context.Canceled) || res == nil || !strings.Contains(address, "@"):
			t.Errorf("%q: %v, %v", address, res, err)
		}
	})
}
