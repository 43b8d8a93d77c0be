package networks_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/examples/internal/proxies"
	"github.com/mailconn/mailconn/examples/networks"
	"github.com/mailconn/mailconn/policy"
)

// achieved dials the test's server through d, and returns what was achieved.
func achieved(server *dialtest.Server, d dial.NetDialer) string {
	dialer := &dial.Dialer{TLSConfig: server.ClientConfig(), NetDialer: d}
	conn, err := dialer.Dial(context.Background(), server.Endpoint(policy.ImplicitTLS))
	if err != nil {
		var failed *dial.Error
		if errors.As(err, &failed) {
			return failed.Hint()
		}
		return err.Error()
	}
	defer conn.Close()
	return fmt.Sprintf("verified: %v", conn.Security().Verified)
}

func newServer() *dialtest.Server {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP, Implicit: true})
	if err != nil {
		log.Fatal(err)
	}
	return server
}

func ExampleSOCKS5() {
	server := newServer()
	defer server.Close()
	proxy, err := proxies.SOCKS5()
	if err != nil {
		log.Fatal(err)
	}
	defer proxy.Close()
	d, err := networks.SOCKS5(proxy.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(achieved(server, d))
	// Output: verified: pkix
}

func ExampleHTTPProxy() {
	server := newServer()
	defer server.Close()
	proxy := httptest.NewServer(http.HandlerFunc(proxies.HTTP))
	defer proxy.Close()
	fmt.Println(achieved(server, networks.HTTPProxy(proxy.Listener.Addr().String())))
	// Output: verified: pkix
}

func ExampleUnix() {
	server := newServer()
	defer server.Close()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			server.Serve(conn)
		}
	}()
	fmt.Println(achieved(server, networks.Unix(path)))
	// Output: verified: pkix
}

func ExampleFrom() {
	server := newServer()
	defer server.Close()
	d, err := networks.From(netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(achieved(server, d))
	// Output: verified: pkix
}

func ExampleIPv4() {
	server := newServer()
	defer server.Close()
	fmt.Println(achieved(server, &networks.IPv4{}))
	// Output: verified: pkix
}

// A proxy that does not do its work is not mistaken for the mail server.
func TestHints(t *testing.T) {
	server := newServer()
	defer server.Close()
	refusing := httptest.NewServer(http.NotFoundHandler())
	defer refusing.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nowhere := gone.Addr().String()
	gone.Close()
	socks, err := networks.SOCKS5(nowhere)
	if err != nil {
		t.Fatal(err)
	}
	if hint := achieved(server, socks); !strings.Contains(hint, "The proxy at "+nowhere+", which is to lead to ") {
		t.Errorf("SOCKS5 proxy that is gone: %s", hint)
	}
	for name, d := range map[string]dial.NetDialer{
		"HTTP proxy that refuses": networks.HTTPProxy(refusing.Listener.Addr().String()),
		"HTTP proxy that is gone": networks.HTTPProxy(nowhere),
		"no unix socket":          networks.Unix(filepath.Join(t.TempDir(), "none")),
	} {
		if hint := achieved(server, d); !strings.Contains(hint, "Nothing is known of the mail server") {
			t.Errorf("%s: %s", name, hint)
		}
	}
	if _, err := networks.From(netip.Addr{}); err == nil {
		t.Error("from nowhere")
	}
}
