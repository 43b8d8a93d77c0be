package supervise

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// Command is how a server is started, in the foreground.
type Command struct {
	Argv []string
	// Env is the server's environment. nil means this process's.
	Env []string `json:",omitempty"`
	// Dir is its working directory. "" means this process's.
	Dir string
	// User is the name of the user to run as. "" means this one; others are
	// possible for root only.
	User string
	// Output takes what the server writes to standard output and standard error.
	Output *os.File `json:"-"`
	// Stop is the signal by which the server's owner ends it. Zero means SIGTERM.
	Stop syscall.Signal `json:",omitempty"`
	// Remove is a directory that is removed when all processes are gone. ""
	// means none.
	Remove string
}

// Process is a server that runs, and all that it has started.
type Process struct {
	orders io.WriteCloser
	done   chan struct{} // closed when no process of it is left
}

// Start starts a server under a supervisor. The caller must call Stop or Kill.
func Start(c Command) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), supervised+"="+string(text))
	cmd.Stdout, cmd.Stderr = c.Output, c.Output
	// A session of its own keeps a terminal's signals away.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	orders, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Argv[0], err)
	}
	p := &Process{orders, make(chan struct{})}
	go func() {
		cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// Done returns a channel that is closed when no process of the server is left.
func (p *Process) Done() <-chan struct{} { return p.done }

// Stop ends the server as its owner would, and returns when it is gone. What
// has not ended after five seconds is killed.
func (p *Process) Stop() { p.order(stop) }

// Kill ends the server as a power cut would, and returns when it is gone.
func (p *Process) Kill() { p.order(kill) }

func (p *Process) order(o byte) {
	p.orders.Write([]byte{o}) // fails if the server has ended by itself
	<-p.done
}
