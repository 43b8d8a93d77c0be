package peers_test

import (
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/policy"
)

func TestValidatePeer(t *testing.T) {
	good := peers.Peer{Protocol: policy.IMAP, Host: "mail.example.org", Port: 143}
	for _, host := range []string{good.Host, "xn--bcher-kva.example", "_a.example", "192.0.2.1", "2001:db8::1", "fe80::1%eth0", "fe80::1%Ethernet", "a", strings.Repeat("a", 255)} {
		if err := (peers.Peer{Protocol: policy.IMAP, Host: host, Port: 143}).Validate(); err != nil {
			t.Errorf("%q: %v", host, err)
		}
	}
	for _, host := range []string{"", "Mail.example.org", "2001:DB8::1", "bücher.example", "a b", "a\n", "a/b", `a"b`, `a\b`, "a<b", strings.Repeat("a", 256)} {
		if (peers.Peer{Protocol: policy.IMAP, Host: host, Port: 143}).Validate() == nil {
			t.Errorf("%.20q is a host", host)
		}
	}
	for _, p := range []peers.Peer{{}, {Host: good.Host, Port: 143}, {Protocol: 99, Host: good.Host, Port: 143}, {Protocol: policy.IMAP, Host: good.Host}} {
		if p.Validate() == nil {
			t.Errorf("%+v is a peer", p)
		}
	}
}
