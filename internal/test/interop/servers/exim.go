package servers

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/mailconn/mailconn/internal/test/supervise"
	"github.com/mailconn/mailconn/policy"
)

// Exim starts Exim with GnuTLS: a submission port with STARTTLS, one with TLS
// from the first byte, and a relay. It checks the passwords of PLAIN, LOGIN and
// CRAM-MD5 itself and asks Dovecot for the rest. What it takes it throws away.
func (l *Lab) Exim(d *Dovecot) *Server {
	l.t.Helper()
	program := l.need(filepath.Join(Unpacked(), "exim", "usr", "sbin", "exim4"))
	l.needRoot("exim")
	return l.run("exim", func(s *Server) supervise.Command {
		ports := s.eximPorts()
		s.writeText("variants", ports.variants)
		data := map[string]any{
			"Dir": s.dir, "Certs": filepath.Join(l.dir, "certs"), "Program": program, "Auth": d.AuthSocket(),
			"Secret": Secret, "Alice": Alice, "Max": MaxMessage, "Grey": Grey, "Gone": Gone, "Over": Over,
			"Ports": ports,
		}
		conf := s.write("exim.conf", data)
		l.mkdir(s.Name, "spool")
		s.giveTo("Debian-exim")
		// A configuration that is not root's is not trusted.
		chown(l, conf, 0)
		return supervise.Command{Argv: []string{program, "-C", conf, "-bdf"}}
	})
}

// eximPorts are lists as the configuration has them.
type eximPorts struct {
	All, Implicit, Relay []string
	One, Three           string // where so many connections are taken at a time
	variants             string // a line for each port: "PORT: VARIANT"
}

func (s *Server) eximPorts() (p eximPorts) {
	add := func(place Place, lists ...*[]string) {
		port := fmt.Sprint(s.listen(place))
		certificate := place.Variant
		if certificate == OneAtOnce || certificate == ThreeAtOnce {
			certificate = Good
		}
		p.variants += port + ": " + string(certificate) + "\n"
		for _, list := range append(lists, &p.All) {
			*list = append(*list, port)
		}
	}
	for _, v := range Variants {
		add(Place{policy.Submission, false, v})
		add(Place{policy.SMTP, false, v}, &p.Relay)
		if v != NoTLS {
			add(Place{policy.Submission, true, v}, &p.Implicit)
		}
	}
	for v, port := range map[Variant]*string{OneAtOnce: &p.One, ThreeAtOnce: &p.Three} {
		add(Place{policy.SMTP, false, v}, &p.Relay)
		*port = p.All[len(p.All)-1]
	}
	return p
}

// Interfaces is the list of addresses to listen on.
func (p eximPorts) Interfaces() string { return "<; 127.0.0.1." + strings.Join(p.All, " ; 127.0.0.1.") }

// List is a list of ports.
func (eximPorts) List(ports []string) string { return strings.Join(ports, " : ") }
