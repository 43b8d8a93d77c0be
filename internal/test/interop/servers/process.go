package servers

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// command is how a server is started, in the foreground.
type command struct {
	argv []string
	env  []string // besides what this process has
	as   string   // the user to run as, "" for this one
	log  string   // file for what it says on standard output and error
}

// process is a server that runs, and all that it started.
type process struct {
	leash io.WriteCloser
	done  chan struct{} // closed when no process of it is left
}

func start(c command) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	if c.as == "" || os.Geteuid() != 0 {
		c.as = "-"
	}
	cmd := exec.Command(self, c.argv...)
	cmd.Env = append(append(os.Environ(), c.env...), supervised+"="+c.as)
	cmd.Stdout, cmd.Stderr = log, log
	// A session of its own keeps a terminal's signals away.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	leash, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", c.argv[0], err)
	}
	p := &process{leash, make(chan struct{})}
	go func() {
		cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// stop ends the server as its owner would, and returns when it is gone.
func (p *process) stop() { p.order(terminate) }

// kill ends it as a power cut would.
func (p *process) kill() { p.order(slay) }

func (p *process) order(o byte) {
	p.leash.Write([]byte{o}) // fails if it has ended by itself
	<-p.done
}
