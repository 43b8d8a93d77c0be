package hostname_test

import (
	"net"
	"os"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/hostname"
)

func TestCheckClient(t *testing.T) {
	for name, ok := range map[string]bool{
		"": true, "mail.example.org": true, "[127.0.0.1]": true, "[IPv6:::1]": true, strings.Repeat("a", 255): true,
		"a b": false, "a\r\nQUIT": false, "a\x00": false, "a\t": false, "a\x7f": false, "é": false, "\xff": false, strings.Repeat("a", 256): false,
	} {
		if err := hostname.CheckClient(name); (err == nil) != ok {
			t.Errorf("%.20q: %v", name, err)
		}
	}
}

func TestAddressLiteral(t *testing.T) {
	for _, c := range []struct {
		addr net.Addr
		want string
	}{
		{&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 25}, "[192.0.2.1]"},
		{&net.TCPAddr{IP: net.ParseIP("::ffff:192.0.2.1")}, "[192.0.2.1]"},
		{&net.TCPAddr{IP: net.ParseIP("2001:db8::1")}, "[IPv6:2001:db8::1]"},
		{&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0"}, "[IPv6:fe80::1]"},
		{&net.TCPAddr{}, "[127.0.0.1]"},
		{&net.UnixAddr{Name: "/x"}, "[127.0.0.1]"},
		{nil, "[127.0.0.1]"},
	} {
		if got := hostname.AddressLiteral(c.addr); got != c.want {
			t.Errorf("%v: %s", c.addr, got)
		}
	}
}

// A private name tells nothing about the host.
func TestClient(t *testing.T) {
	local := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}
	if got := hostname.Client("", local, true); got != "[192.0.2.1]" {
		t.Errorf("in private: %s", got)
	}
	host, _ := os.Hostname()
	if got := hostname.Client("", local, false); got != "[192.0.2.1]" && got != host {
		t.Errorf("not in private: %s", got)
	}
}
