package servers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/mailconn/mailconn/internal/test/supervise"
	"github.com/mailconn/mailconn/policy"
)

// cyrusService is one of the ports that Cyrus's master listens on.
type cyrusService struct {
	Name, Program string
	Port          int
	Conf          string
	Implicit      bool
}

// Cyrus starts Cyrus with IMAP and POP3, which has the -PLUS mechanisms. It
// runs without privileges.
func (l *Lab) Cyrus() *Server {
	l.t.Helper()
	root := filepath.Join(Unpacked(), "cyrus", "usr")
	bin := filepath.Join(root, "lib", "cyrus", "bin")
	master := l.need(filepath.Join(bin, "master"))
	passwords := l.need(filepath.Join(root, "sbin", "saslpasswd2"))
	libraries := "LD_LIBRARY_PATH=" + filepath.Join(root, "lib", "x86_64-linux-gnu")
	return l.run("cyrus", func(s *Server) supervise.Command {
		name, group := unprivileged()
		env := []string{libraries, "CYRUS_USER=" + name, "CYRUS_GROUP=" + group}
		for _, dir := range strings.Fields("db proc socket log msg quota user lock ptclient sieve backup sync") {
			l.mkdir(s.Name, "conf", dir)
		}
		l.mkdir(s.Name, "spool", "stage.")
		s.saslUsers(passwords, libraries, Alice, "cyrus")
		data := map[string]any{"Dir": s.dir, "Bin": bin, "Services": s.cyrusServices(name, group)}
		masterConf, first := s.write("cyrus.conf", data), filepath.Join(s.dir, string(Good)+".conf")
		s.giveTo(name)
		return supervise.Command{
			Argv: []string{master, "-C", first, "-M", masterConf, "-p", filepath.Join(s.dir, "pid"), "-L", s.log},
			Env:  append(os.Environ(), env...), User: name,
		}
	})
}

func (s *Server) cyrusServices(user, group string) (all []cyrusService) {
	for i, v := range Variants {
		conf := s.imapdConf(v, user, group)
		add := func(program string, p policy.Protocol, implicit bool) {
			name := fmt.Sprintf("%s%d", p, i)
			if implicit {
				name = fmt.Sprintf("%ss%d", p, i)
			}
			all = append(all, cyrusService{name, program, s.listen(Place{p, implicit, v}), conf, implicit})
		}
		for _, implicit := range []bool{false, true} {
			if !implicit || v != NoTLS {
				add("imapd", policy.IMAP, implicit)
				add("pop3d", policy.POP3, implicit)
			}
		}
	}
	return all
}

// imapdConf writes what the services of a variant read.
func (s *Server) imapdConf(v Variant, user, group string) (path string) {
	versions := "tls1_2 tls1_3"
	switch v {
	case OldTLS:
		versions = "tls1_0 tls1_1"
	case TLS12:
		versions = "tls1_2"
	}
	text := s.fill("imapd.conf", map[string]any{
		"Dir": s.dir, "Certs": filepath.Join(s.lab.dir, "certs"), "User": user, "Group": group,
		"Variant": v, "Versions": versions, "Offers": v != NoTLS, "Old": v == OldTLS, "Demands": v == ClientCert,
	})
	return s.writeText(string(v)+".conf", text)
}

// saslUsers makes a database of users, which only libsasl's own tool can.
func (s *Server) saslUsers(tool, libraries string, names ...string) {
	s.lab.t.Helper()
	for _, name := range names {
		cmd := exec.Command(tool, "-p", "-c", "-f", filepath.Join(s.dir, "sasldb2"), "-u", "mail.test", name)
		cmd.Env = append(cmd.Environ(), libraries)
		cmd.Stdin = strings.NewReader(Secret)
		if out, err := cmd.CombinedOutput(); err != nil {
			s.lab.t.Fatalf("%s: %v\n%s", tool, err, out)
		}
	}
}
