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
	"syscall"

	"github.com/mailconn/mailconn/internal/test/supervise"
)

// ErrMissing is returned for a server that is not installed.
var ErrMissing = errors.New("not installed: run .ci/databases")

// Server is a database that runs below a directory of its own.
type Server struct {
	Dir    string
	Socket string // the path of the Unix socket that it listens on

	process *supervise.Process
}

// Stop ends the server at once, without asking its clients, and returns when
// nothing of it is left.
func (s *Server) Stop() { s.process.Stop() }

// start starts a server below dir, which belongs to owner, and waits for the
// words by which the server says that it is ready.
func start(dir, owner, ready string, argv ...string) (*Server, error) {
	log, output, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	process, err := supervise.Start(supervise.Command{
		Argv: argv, Env: append(environment(), "TMPDIR="+os.TempDir()), Dir: dir, User: owner,
		Output: output, Stop: syscall.SIGQUIT, Remove: dir,
	})
	output.Close()
	if err != nil {
		log.Close()
		return nil, err
	}
	said := make(chan error, 1)
	go func() {
		defer log.Close()
		said <- await(log, ready)
		io.Copy(io.Discard, log)
	}()
	return &Server{Dir: dir, process: process}, <-said
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
