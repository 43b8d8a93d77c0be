// Package nameservers starts a name server with signed zones and a validating resolver on
// loopback, for tests that need what no fake can show.
package nameservers

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
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/dial/dns"
)

// Find returns where a program is. Without it the test is skipped, or fails if [Required].
func Find(t testing.TB, program string) string {
	t.Helper()
	for _, name := range []string{program, "/usr/sbin/" + program, "/usr/bin/" + program} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if Required() {
		t.Fatalf("%s is not installed: run .ci/dns", program)
	}
	t.Skipf("%s is not installed", program)
	return ""
}

// Required reports whether a test must fail rather than be skipped for want of a program.
func Required() bool { return os.Getenv("MAILCONN_SERVERS") == "required" }

// Listen listens on a port of loopback for UDP and TCP. The port is below those
// that the system gives to outgoing connections, which would take it away.
func Listen(t testing.TB) (net.PacketConn, net.Listener) {
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
func freePort(t testing.TB) int {
	t.Helper()
	u, l := Listen(t)
	defer u.Close()
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// dir returns a directory that the servers may write to.
func dir(t testing.TB) string {
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

// unprivileged returns the user that servers run as if the test is root's.
func unprivileged(t testing.TB) *syscall.Credential {
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
func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// serve runs a server until the test ends, and waits until it answers at port.
func serve(t testing.TB, port int, argv ...string) {
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
	r := Resolver(port)
	r.Timeout = 300 * time.Millisecond
	for tries := 0; ; tries++ { // the server does not tell when it is ready
		a, err := r.Ask(context.Background(), ready+"."+probe, dnsmessage.TypeTXT)
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

// Resolver returns one that asks a port of loopback.
func Resolver(port int) *dns.Resolver {
	return &dns.Resolver{Servers: []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))}}
}
