package servers

import (
	"os"
	"path/filepath"

	"github.com/mailconn/mailconn/internal/test/supervise"
	"github.com/mailconn/mailconn/policy"
)

// Sink starts Postfix's smtp-sink, which has PIPELINING, no TLS and no disk: it
// takes mail as fast as it comes. What it took is in its dump.
func (l *Lab) Sink() (s *Server, dump string) {
	l.t.Helper()
	program := l.need("smtp-sink")
	s = l.run("sink", func(s *Server) supervise.Command {
		dump = filepath.Join(s.dir, "dump")
		check(l.t, os.Chmod(s.dir, 0o777)) // where it creates the dump
		at := address(s.listen(Place{policy.SMTP, false, NoTLS}))
		argv := []string{program, "-D", dump, at, "100"}
		if name, _ := unprivileged(); os.Geteuid() == 0 {
			argv = []string{program, "-u", name, "-D", dump, at, "100"}
		}
		return supervise.Command{Argv: argv}
	})
	return s, dump
}

// LogFile returns where the server writes what it does.
func (s *Server) LogFile() string { return s.log }
