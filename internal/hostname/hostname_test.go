package hostname_test

import (
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/hostname"
)

func TestNormal(t *testing.T) {
	for host, want := range map[string]string{ // "" is an error
		"Mail.Example.ORG.": "mail.example.org", "müller.example": "xn--mller-kva.example", "a_b.test": "a_b.test",
		"192.0.2.1": "192.0.2.1", "2001:DB8::1": "2001:db8::1", "fe80::1%Eth0": "fe80::1%Eth0", "localhost": "localhost",
		"": "", ".": "", "a..b": "", "-a.test": "", "a-.test": "", "a b": "", "a\r\nb": "", "h:143": "", "[::1]": "",
		"user@h": "", "fe80::1%a b": "", "a\u202eb": "", "\xff": "", strings.Repeat("a", 64): "", strings.Repeat("a.", 127) + "a": "",
	} {
		got, err := hostname.Normal(host)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%.40q: %q, %v", host, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "user") {
			t.Errorf("the error quotes what may be a password: %v", err)
		}
	}
}
