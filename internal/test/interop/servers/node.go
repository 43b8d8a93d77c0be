package servers

import (
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/mailconn/mailconn/internal/test/supervise"
	"github.com/mailconn/mailconn/policy"
)

//go:embed node/server.js
var nodeServer string

// nodePort is one of the ports that server.js listens on.
type nodePort struct {
	Port     int     `json:"port"`
	Implicit bool    `json:"implicit"`
	Variant  Variant `json:"variant"`
	Cert     string  `json:"cert"`
	Key      string  `json:"key"`
}

type nodeRefusal struct {
	Code int    `json:"code"`
	Text string `json:"text"`
}

// Node starts smtp-server of npm, an SMTP server in JavaScript: submission with
// STARTTLS, and with TLS from the first byte. It throws away what it takes.
func (l *Lab) Node() *Server {
	l.t.Helper()
	program := l.need("node")
	modules := filepath.Join(Unpacked(), "node", "node_modules")
	l.needFile(filepath.Join(modules, "smtp-server", "package.json"))
	return l.run("node", func(s *Server) supervise.Command {
		spec, err := json.Marshal(map[string]any{
			"ports": s.nodePorts(), "ca": filepath.Join(l.dir, "certs", "ca.pem"),
			"user": Alice, "secret": Secret, "token": Token(Alice), "max": MaxMessage,
			"refused": map[string]nodeRefusal{
				Grey: {450, "Greylisted, try again later"}, Gone: {550, "No such user"}, Over: {552, "Mailbox is full"},
			},
		})
		check(l.t, err)
		name, _ := unprivileged()
		return supervise.Command{
			Argv: []string{program, s.writeText("server.js", nodeServer), s.writeText("spec.json", string(spec))},
			Env:  append(os.Environ(), "NODE_PATH="+modules), User: name,
		}
	})
}

func (s *Server) nodePorts() (all []nodePort) {
	for _, v := range Variants {
		file := filepath.Join(s.lab.dir, "certs", string(v))
		for _, implicit := range []bool{false, true} {
			if implicit && v == NoTLS {
				continue
			}
			port := s.listen(Place{policy.Submission, implicit, v})
			all = append(all, nodePort{port, implicit, v, file + ".pem", file + ".key"})
		}
	}
	return all
}
