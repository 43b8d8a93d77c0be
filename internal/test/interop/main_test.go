package interop

import (
	"crypto/tls"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/child"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/internal/test/supervise"
	"github.com/mailconn/mailconn/policy"
)

func TestMain(m *testing.M) {
	supervise.Main()
	child.Main(m, map[string]func([]string) error{"outbox": fillOutbox})
}

// host is what certificates are for, and what is dialled: dialtest.LeadTo finds it.
const host = "mail.test"

// dialer returns one that trusts the lab's CA and finds host at addr. It brings
// the lab's client certificate if bring is set.
func dialer(l *servers.Lab, addr string, bring bool) *dial.Dialer {
	config := l.CA.ClientConfig()
	if bring {
		config.Certificates = []tls.Certificate{l.Client}
	}
	return &dial.Dialer{TLSConfig: config, NetDialer: dialtest.LeadTo(addr), Timeout: 20 * time.Second, LocalName: "client.test"}
}

func endpoint(p policy.Protocol, pol policy.Policy) dial.Endpoint {
	return dial.Endpoint{Protocol: p, Host: host, Policy: pol}
}

// starts start the servers. Postfix and Exim have passwords checked by Dovecot.
var starts = map[string]func(*servers.Lab) finder{
	"dovecot": func(l *servers.Lab) finder { return l.Dovecot() },
	"postfix": func(l *servers.Lab) finder { return l.Postfix(l.Dovecot()) },
	"exim":    func(l *servers.Lab) finder { return l.Exim(l.Dovecot()) },
	"node":    func(l *servers.Lab) finder { return l.Node() },
	"cyrus":   func(l *servers.Lab) finder { return l.Cyrus() },
}

var (
	mailboxes = []string{"dovecot", "cyrus"}                   // of IMAP and POP3
	senders   = []string{"dovecot", "postfix", "exim", "node"} // of submission
)

// finder is a server that knows where its places are.
type finder interface{ Addr(servers.Place) string }

// find returns where s can be tried under a policy: on the port for it, or, if
// there is no TLS port, on the one in the clear.
func find(s finder, p policy.Protocol, pol policy.Policy, v servers.Variant) string {
	place := servers.Place{Protocol: p, Implicit: pol == policy.ImplicitTLS, Variant: v}
	if addr := s.Addr(place); addr != "" {
		return addr
	}
	place.Implicit = false
	return s.Addr(place)
}
