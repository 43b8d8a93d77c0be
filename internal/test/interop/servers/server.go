package servers

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/mailconn/mailconn/internal/test/supervise"
	"github.com/mailconn/mailconn/policy"
)

// Place is one of a server's ports: what is spoken there, and how.
type Place struct {
	Protocol policy.Protocol
	Implicit bool // TLS from the first byte
	Variant  Variant
}

// Server is a real mail server on 127.0.0.1.
type Server struct {
	Name string

	lab     *Lab
	dir     string
	log     string
	command supervise.Command
	ports   []int            // that it listens on itself
	addr    map[Place]string // where clients reach it
	proc    *supervise.Process
}

// run starts a server that setup writes the configuration of, and ends it with
// the test. setup is called again if another process took a port in between.
func (l *Lab) run(name string, setup func(*Server) supervise.Command) *Server {
	l.t.Helper()
	var err error
	for range 3 {
		dir := l.mkdir(name)
		s := &Server{Name: name, lab: l, dir: dir, log: filepath.Join(dir, "log"), addr: map[Place]string{}}
		s.writeText("log", "") // before setup may give everything to a user
		s.command = setup(s)
		if err = s.start(); err == nil {
			l.t.Cleanup(s.cleanup)
			return s
		}
		err = fmt.Errorf("%s: %w\n%s", name, err, s.tail())
		if !strings.Contains(err.Error(), "in use") {
			break
		}
	}
	l.t.Fatal(err)
	return nil
}

func (s *Server) start() error {
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	s.command.Output = log
	if s.proc, err = supervise.Start(s.command); err != nil {
		return err
	}
	if err := ready(s.proc, s.ports); err != nil {
		s.proc.Kill()
		return err
	}
	return nil
}

// Start starts the server again as it was.
func (s *Server) Start() {
	s.lab.t.Helper()
	if err := s.start(); err != nil {
		s.lab.t.Fatalf("%s: %v\n%s", s.Name, err, s.tail())
	}
}

// Stop ends the server as its owner would, and returns when no process of it
// is left.
func (s *Server) Stop() { s.proc.Stop() }

// Kill ends it at once.
func (s *Server) Kill() { s.proc.Kill() }

// cleanup kills: nothing of a test's server is worth a farewell.
func (s *Server) cleanup() {
	s.proc.Kill()
	if s.lab.t.Failed() {
		s.lab.t.Logf("%s says at last:\n%s", s.Name, s.tail())
	}
}

// Addr returns where a place is, as host:port, "" if the server has no such.
func (s *Server) Addr(p Place) string { return s.addr[p] }

// port returns a free port for the server to listen on.
func (s *Server) port() int {
	port, err := freePort()
	check(s.lab.t, err)
	s.ports = append(s.ports, port)
	return port
}

// listen returns a free port at which clients reach p.
func (s *Server) listen(p Place) int {
	port := s.port()
	s.addr[p] = address(port)
	return port
}

//go:embed conf
var conf embed.FS

// write makes a file in the server's directory of a template in conf.
func (s *Server) write(name string, data any) (path string) {
	s.lab.t.Helper()
	return s.writeText(name, s.fill(name, data))
}

// fill returns what becomes of a template in conf.
func (s *Server) fill(name string, data any) string {
	s.lab.t.Helper()
	// Braces are half of Exim's language.
	t, err := template.New(filepath.Base(name)).Delims("[[", "]]").ParseFS(conf, "conf/"+name)
	check(s.lab.t, err)
	var b bytes.Buffer
	check(s.lab.t, t.Execute(&b, data))
	return b.String()
}

func (s *Server) writeText(name, text string) (path string) {
	s.lab.t.Helper()
	path = filepath.Join(s.dir, name)
	check(s.lab.t, os.MkdirAll(filepath.Dir(path), 0o755))
	check(s.lab.t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// tail returns the end of the server's log.
func (s *Server) tail() string {
	text, _ := os.ReadFile(s.log)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}
