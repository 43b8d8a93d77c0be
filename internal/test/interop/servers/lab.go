package servers

import (
	"crypto/tls"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/mailconn/mailconn/dial/dialtest"
)

// Lab is what the servers of one test have in common: a directory, a CA, the
// same users.
type Lab struct {
	t      testing.TB
	dir    string
	CA     *dialtest.CA
	Client tls.Certificate // for the user "client"
}

// New makes a lab, which is taken down with the test.
func New(t testing.TB) *Lab {
	t.Helper()
	// t.TempDir is closed to other users, and its name too long for sockets.
	// Mail servers wait for the disk at every step, so memory is better.
	dir, err := os.MkdirTemp("/dev/shm", "mc")
	if err != nil {
		dir, err = os.MkdirTemp("", "mc")
	}
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	check(t, os.Chmod(dir, 0o755))
	ca, err := dialtest.NewCA()
	check(t, err)
	client, err := ca.ClientCertificate()
	check(t, err)
	l := &Lab{t, dir, ca, client}
	check(t, writeCerts(l.mkdir("certs"), ca))
	return l
}

// Dir returns the lab's directory.
func (l *Lab) Dir() string { return l.dir }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mkdir makes a directory that all users can go through.
func (l *Lab) mkdir(names ...string) string {
	dir := filepath.Join(append([]string{l.dir}, names...)...)
	check(l.t, os.MkdirAll(dir, 0o755))
	return dir
}

// Unpacked is the directory below which the setup script unpacks servers whose
// packages cannot be installed beside others.
func Unpacked() string {
	if dir := os.Getenv("MAILCONN_UNPACKED"); dir != "" {
		return dir
	}
	return "/var/cache/mailconn-servers"
}

// need returns where a program is. Without it the test is skipped, or fails if
// MAILCONN_SERVERS=required.
func (l *Lab) need(program string) string {
	l.t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		l.missing(program + " is not installed")
	}
	return path
}

func (l *Lab) needFile(path string) {
	l.t.Helper()
	if _, err := os.Stat(path); err != nil {
		l.missing(path + " is not there")
	}
}

// needRoot is for servers that change their user.
func (l *Lab) needRoot(server string) {
	l.t.Helper()
	if os.Geteuid() != 0 {
		l.missing(server + " must be started by root")
	}
}

func (l *Lab) missing(why string) {
	l.t.Helper()
	if os.Getenv("MAILCONN_SERVERS") == "required" {
		l.t.Fatalf("%s: run .ci/servers", why)
	}
	l.t.Skip(why)
}
