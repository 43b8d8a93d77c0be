package dnslab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/test/dnslab/nameservers"
	"github.com/mailconn/mailconn/internal/test/sockettest"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/mx"
)

// inside is set in the environment of the test that runs in a network of its own, where it
// may listen on the ports 25 and 53 that posttls-finger asks.
const inside = "MAILCONN_NETWORK"

// What smtpconn/mx and Postfix's posttls-finger make of the same domains, name servers and
// mail servers. They agree but where the row says why not.
func TestOracle(t *testing.T) {
	finger := nameservers.Find(t, "posttls-finger")
	w := ownWorld(t)
	if w == nil {
		return
	}
	for _, r := range w.rows {
		domain := r.name + "." + r.zone
		ours, why := w.mx(domain)
		theirs, output := postfix(t, finger, domain)
		want := r.want
		if r.theirs == "" {
			r.theirs = want
		}
		if ours != want {
			t.Errorf("%s: mx says %s, want %s: %v", domain, ours, want, why)
		}
		if theirs != r.theirs {
			t.Errorf("%s: posttls-finger says %s, want %s:\n%s", domain, theirs, r.theirs, output)
		}
		if r.theirs != want && r.differs == "" {
			t.Errorf("%s: a difference without a reason", domain)
		}
		t.Logf("%-30s %-12s %-12s %s", domain, ours, theirs, r.differs)
	}
	if len(w.rows) < 25 {
		t.Errorf("only %d rows", len(w.rows))
	}
}

// ownWorld returns the servers of a test that is in a network of its own, and serves them.
// Outside it runs the test again inside one, and returns nil.
func ownWorld(t *testing.T) *mailWorld {
	t.Helper()
	nameservers.Find(t, "unbound")
	nameservers.Find(t, "nsd")
	if os.Getenv(inside) == "" {
		again(t)
		return nil
	}
	setUpNetwork(t)
	w := newMailWorld(t)
	w.serve()
	return w
}

// again runs the test in a network of its own. Where the system does not permit one, which no
// package mends, the test is skipped.
func again(t *testing.T) {
	ip, mount, unshare := nameservers.Find(t, "ip"), nameservers.Find(t, "mount"), nameservers.Find(t, "unshare")
	probe := ip + " link set lo up && " + mount + " --bind /etc/hosts /etc/resolv.conf && echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start"
	var argv []string
	said := ""
	for _, try := range [][]string{{unshare, "-nm"}, {unshare, "-Urnm"}, {"sudo", "-n", "-E", unshare, "-nm"}} {
		out, err := exec.Command(try[0], append(try[1:], "sh", "-c", probe)...).CombinedOutput()
		if err == nil {
			argv = try
			break
		}
		said += fmt.Sprintf("%q: %v\n%s", try, err, out)
	}
	switch {
	case argv == nil && nameservers.Required() && !forbidden(said):
		t.Fatal(said)
	case argv == nil:
		t.Skip(said)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	argv = append(argv, os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), inside+"=1")
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Errorf("%q: %v", argv, err)
	}
}

// forbidden reports whether programs say that the system does not permit something.
func forbidden(said string) bool {
	return slices.ContainsFunc([]string{"not permitted", "denied", "Read-only"}, func(words string) bool {
		return strings.Contains(said, words)
	})
}

// setUpNetwork makes loopback work, its low ports free for everyone, and 127.0.0.1 the
// resolver.
func setUpNetwork(t *testing.T) {
	t.Helper()
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	write(t, conf, "nameserver 127.0.0.1\noptions trust-ad\n")
	for _, argv := range [][]string{
		{nameservers.Find(t, "ip"), "link", "set", "lo", "up"}, {nameservers.Find(t, "mount"), "--bind", conf, "/etc/resolv.conf"},
	} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", argv, err, out)
		}
	}
	write(t, "/proc/sys/net/ipv4/ip_unprivileged_port_start", "0")
}

// postfix has posttls-finger look at a domain.
func postfix(t *testing.T, finger, domain string) (verdict, output string) {
	argv := []string{finger, "-c", "-t", "5", "-T", "5", "-l", "dane", "-L", "summary", domain}
	if isMapped() {
		argv = append([]string{"unshare", "-U", "--map-user=1000", "--map-group=1000"}, argv...) // it calls setgid
	}
	out, err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, "warning:") {
			output += line
		}
	}
	switch {
	case strings.Contains(output, "try again"), strings.Contains(output, "server certificate verification failed"): // with which mail is not sent
		return "deferred", output
	case err == nil && output == "": // there is nothing to sum up about TLS
		return "clear", output
	case strings.Contains(output, "Verified TLS connection"):
		return "verified", output
	case strings.Contains(output, "TLS connection established"):
		return "tls", output
	case strings.Contains(output, "does not accept mail"), strings.Contains(output, "not found"):
		return "refused", output
	}
	return "deferred", output
}

// isMapped reports whether root is not the system's.
func isMapped() bool {
	m, err := os.ReadFile("/proc/self/uid_map")
	return err == nil && strings.Join(strings.Fields(string(m)), " ") != "0 0 4294967295"
}

// mx sends a message to a domain, and returns what the connection was like.
func (w *mailWorld) mx(domain string) (string, error) {
	var last mx.Session
	s, err := mx.New(mx.Config{
		Dialer:  &dial.Dialer{LocalName: "client.example", Timeout: 5 * time.Second},
		Permit:  func(netip.Addr) error { return nil },
		Session: func(s mx.Session) { last = s },
	})
	if err != nil {
		return "", err
	}
	defer s.Close(w.t.Context())
	_, err = s.Send(w.t.Context(), smtpconn.Envelope{From: "a@client.example", To: []string{"u@" + domain}}, strings.NewReader("Subject: x\r\n\r\nx\r\n"))
	var failed *mx.Error
	switch {
	case errors.As(err, &failed) && failed.Final():
		return "refused", err
	case err != nil:
		return "deferred", err
	case last.Security.Verified == trust.DANE:
		return "verified", nil
	case last.Security.Encrypted():
		return "tls", nil
	}
	return "clear", nil
}

// listenAt has serve called for each connection to port 25 of an address of loopback.
func listenAt(t *testing.T, ip string, serve func(net.Conn)) {
	t.Helper()
	l, err := net.Listen("tcp4", ip+":25")
	if err != nil {
		t.Fatal(err)
	}
	sockettest.Serve(t, l, serve)
}

func address(row int) string { return fmt.Sprintf("127.0.1.%d", row+1) }

// write writes a file.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
