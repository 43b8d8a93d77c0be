package dial_test

import (
	"net"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
)

func TestCheckLocalName(t *testing.T) {
	for name, ok := range map[string]bool{
		"": true, "mail.example.org": true, "[127.0.0.1]": true, "[IPv6:::1]": true, strings.Repeat("a", 255): true,
		"a b": false, "a\r\nQUIT": false, "a\x00": false, "a\t": false, "a\x7f": false, "é": false, "\xff": false, strings.Repeat("a", 256): false,
	} {
		if err := dial.CheckLocalName(name); (err == nil) != ok {
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
		if got := dial.AddressLiteral(c.addr); got != c.want {
			t.Errorf("%v: %s", c.addr, got)
		}
	}
}

func TestEHLOName(t *testing.T) {
	local := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}
	if got := dial.EHLOName(&dial.Dialer{}, local, true); got != "[192.0.2.1]" {
		t.Errorf("in private: %s", got)
	}
	for _, private := range []bool{true, false} {
		if got := dial.EHLOName(&dial.Dialer{LocalName: "me.test"}, local, private); got != "me.test" {
			t.Errorf("with LocalName, private %v: %s", private, got)
		}
	}
}
