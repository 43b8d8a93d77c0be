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

// A name that is too long is not turned into A-labels, however short they would be, since
// that takes seconds for a label of 64 KiB. The longest of names is.
func TestToASCII(t *testing.T) {
	ignored := func(n int) string { return "a" + strings.Repeat("\u00ad", n) + ".example" }
	long := strings.Repeat(strings.Repeat("\U00020000", 50)+".", 4)
	for name, want := range map[string]string{
		"a b": "a b", "": "", strings.Repeat("a", 2000): strings.Repeat("a", 2000),
		"bücher.example": "xn--bcher-kva.example", "b\xffcher.example": "", "b\ufffdcher.example": "",
		ignored(400): "a.example", ignored(600): "",
		long[:len(long)-1]: strings.TrimSuffix(strings.Repeat("xn--j50i"+strings.Repeat("a", 49)+".", 4), "."),
	} {
		got, err := hostname.ToASCII(name)
		if got != want || (err != nil) != (want == "" && name != "") {
			t.Errorf("%.20q: %q, %v", name, got, err)
		}
	}
}
