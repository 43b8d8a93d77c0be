// Package servers starts databases for tests.
package servers

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// ErrMissing is returned for a server that is not installed.
var ErrMissing = errors.New("not installed: run .ci/databases")

// Server is a database that runs below a directory of its own.
type Server struct {
	Dir    string
	Socket string // the path of the Unix socket that it listens on

	leash io.Closer
	ended chan struct{}
}

// Stop ends the server and waits until nothing of it is left.
func (s *Server) Stop() {
	s.leash.Close()
	<-s.ended
}

// start starts a server below dir and waits for the words by which it says that
// it is ready.
func start(dir, ready string, argv ...string) (*Server, error) {
	c := exec.Command(os.Args[0], argv...)
	c.Env = append(environment(), supervised+"="+dir, "TMPDIR="+os.TempDir())
	leash, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	log, err := c.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	s := &Server{Dir: dir, leash: leash, ended: make(chan struct{})}
	said := make(chan error, 1)
	go func() {
		defer close(s.ended)
		said <- await(log, ready)
		io.Copy(io.Discard, log)
		c.Wait()
	}()
	return s, <-said
}

// await reads a server's log up to the line that has the words, or fails with
// the log.
func await(log io.Reader, words string) error {
	var all strings.Builder
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if strings.Contains(lines.Text(), words) {
			return nil
		}
		fmt.Fprintln(&all, lines.Text())
	}
	return fmt.Errorf("server ended before it said %q:\n%s", words, all.String())
}

// find returns where a program is: on the path, or in the places where Debian
// keeps what only servers need, the newest version first.
func find(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
		for _, pattern := range []string{"/usr/sbin/", "/usr/lib/postgresql/*/bin/"} {
			if found, _ := filepath.Glob(pattern + name); len(found) > 0 {
				return slices.Max(found), nil
			}
		}
	}
	return "", fmt.Errorf("%s: %w", names[0], ErrMissing)
}
