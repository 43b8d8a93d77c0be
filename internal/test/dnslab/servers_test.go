package dnslab

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/dial/dns"
)

// find returns where a program is. Without it the test is skipped, or fails if
// MAILCONN_SERVERS=required.
func find(t *testing.T, program string) string {
	t.Helper()
	for _, name := range []string{program, "/usr/sbin/" + program, "/usr/bin/" + program} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("MAILCONN_SERVERS") == "required" {
		t.Fatalf("%s is not installed: run .ci/dns", program)
	}
	t.Skipf("%s is not installed", program)
	return ""
}

// listen listens on a port of loopback for UDP and TCP. The port is below those
// that the system gives to outgoing connections, which would take it away.
func listen(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000))
		u, err := net.ListenPacket("udp4", address)
		if err != nil {
			continue
		}
		if l, err := net.Listen("tcp4", address); err == nil {
			return u, l
		}
		u.Close()
	}
	t.Fatal("no free port")
	return nil, nil
}

// freePort returns a port of loopback that is free for UDP and TCP.
func freePort(t *testing.T) int {
	t.Helper()
	u, l := listen(t)
	defer u.Close()
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// dir returns a directory that the servers may write to.
func dir(t *testing.T) string {
	t.Helper()
	d := t.TempDir()
	if id := unprivileged(t); id != nil {
		if err := os.Chown(d, int(id.Uid), int(id.Gid)); err != nil {
			t.Fatal(err)
		}
		for up := filepath.Dir(d); up != os.TempDir() && up != "/"; up = filepath.Dir(up) {
			os.Chmod(up, 0o755)
		}
	}
	return d
}

// unprivileged returns the user that servers run as if the test is root's: nobody.
func unprivileged(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// write writes a file that the servers can read.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// serve runs a server until the test ends, and waits until it answers at port.
func serve(t *testing.T, port int, argv ...string) {
	t.Helper()
	var log bytes.Buffer
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = &log, &log
	// The server and its children end with the test, however that ends.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM, Credential: unprivileged(t)}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
	})
	r := resolver(port)
	r.Timeout = 300 * time.Millisecond
	for tries := 0; ; tries++ { // the server does not tell when it is ready
		a, err := r.Ask(context.Background(), "ready.plain.example", dnsmessage.TypeTXT)
		if err == nil && a.Absent == dns.Present {
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s: %v\n%s", argv[0], err, &log)
		case <-time.After(50 * time.Millisecond):
		}
		if tries == 200 {
			t.Fatalf("%s does not answer: %v", argv[0], err)
		}
	}
}

// resolver returns one that asks a port of loopback.
func resolver(port int) *dns.Resolver {
	return &dns.Resolver{Servers: []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))}}
}

// zone is a zone with its records, without the SOA and the NS.
type zone struct {
	name    string
	signed  bool
	expired bool // the signatures are
	records []string
}

// nameServer is nsd with some zones.
type nameServer struct {
	port    int
	zones   []zone
	anchors []string // the DNSKEY records that a validating resolver is to trust
}

// startNSD signs the zones and serves them.
func startNSD(t *testing.T, zones ...zone) *nameServer {
	t.Helper()
	nsd := find(t, "nsd")
	d := dir(t)
	s := &nameServer{port: freePort(t), zones: zones}
	conf := fmt.Sprintf(`server:
	ip-address: 127.0.0.1@%d
	username: ""
	chroot: ""
	database: ""
	server-count: 1
	zonesdir: %q
	pidfile: %q
	xfrdfile: %q
	zonelistfile: %q
	xfrdir: %q
	rrl-ratelimit: 0
remote-control:
	control-enable: no
`, s.port, d, d+"/nsd.pid", d+"/xfrd.state", d+"/zone.list", d)
	for _, z := range zones {
		file := filepath.Join(d, z.name)
		write(t, file, "$ORIGIN "+z.name+".\n$TTL 1\n@ SOA ns hostmaster 1 3600 600 86400 1\n@ NS ns\nns A 127.0.0.1\n"+strings.Join(z.records, "\n")+"\n")
		if z.signed {
			s.anchors = append(s.anchors, sign(t, d, z))
			file += ".signed"
		}
		conf += fmt.Sprintf("zone:\n\tname: %s\n\tzonefile: %q\n", z.name, file)
	}
	write(t, d+"/nsd.conf", conf)
	serve(t, s.port, nsd, "-d", "-c", d+"/nsd.conf")
	return s
}

// sign signs a zone's file, and returns the record of its key.
func sign(t *testing.T, d string, z zone) string {
	t.Helper()
	keygen, signzone := find(t, "dnssec-keygen"), find(t, "dnssec-signzone")
	run := func(argv ...string) string {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir = d
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%q: %v\n%s", argv, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	key := run(keygen, "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", z.name)
	run(keygen, "-q", "-a", "ECDSAP256SHA256", z.name)
	argv := []string{signzone, "-q", "-P", "-S", "-K", ".", "-o", z.name, "-f", z.name + ".signed"}
	if z.expired {
		argv = append(argv, "-s", "20200101000000", "-e", "20200201000000")
	}
	run(append(argv, z.name)...)
	record, err := os.ReadFile(filepath.Join(d, key+".key"))
	if err != nil {
		t.Fatal(err)
	}
	return lastLine(string(record))
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// startUnbound starts a resolver that validates, finds the zones of s at port,
// and keeps nothing for longer than it must. It returns its port.
func startUnbound(t *testing.T, s *nameServer, at int) int {
	t.Helper()
	unbound := find(t, "unbound")
	d, port := dir(t), freePort(t)
	write(t, d+"/anchors", strings.Join(s.anchors, "\n")+"\n")
	conf := fmt.Sprintf(`server:
	interface: 127.0.0.1@%d
	username: ""
	chroot: ""
	directory: %q
	pidfile: %q
	use-syslog: no
	num-threads: 1
	do-not-query-localhost: no
	do-ip6: no
	module-config: "validator iterator"
	trust-anchor-file: %q
	qname-minimisation: no
	cache-max-ttl: 1
	cache-max-negative-ttl: 1
`, port, d, d+"/unbound.pid", d+"/anchors")
	stubs := ""
	for _, z := range s.zones {
		if !z.signed {
			conf += fmt.Sprintf("\tdomain-insecure: %q\n", z.name)
		}
		stubs += fmt.Sprintf("stub-zone:\n\tname: %q\n\tstub-addr: 127.0.0.1@%d\n", z.name, at)
	}
	write(t, d+"/unbound.conf", conf+stubs+"remote-control:\n\tcontrol-enable: no\n")
	serve(t, port, unbound, "-d", "-c", d+"/unbound.conf")
	return port
}
