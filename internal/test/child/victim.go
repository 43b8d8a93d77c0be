package child

import (
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
)

// Victim is a child that is killed in the middle of its work, at a command that it says to a
// server of the test, or when it has left something behind. Its zero value is ready.
type Victim struct {
	mu       sync.Mutex
	cmd      *exec.Cmd // nil between children
	commands int       // how many more it may say
	dead     chan struct{}
}

// Said is called by the server for each command. The one after those that [Victim.Run]
// allows kills the child, and so does the last one of its work: Said then returns when the
// child is dead.
func (v *Victim) Said(last bool) {
	v.mu.Lock()
	cmd, dead := v.cmd, v.dead
	v.commands--
	due := v.commands < 0 || last
	v.mu.Unlock()
	if cmd != nil && due {
		cmd.Process.Kill()
		<-dead
	}
}

// Run starts a child, which may say so many commands, and kills it when done says so. It
// returns how the child has ended, and whether that was before it was done.
func (v *Victim) Run(t testing.TB, cmd *exec.Cmd, commands int, done func() bool) (early bool, err error) {
	t.Helper()
	dead := make(chan struct{})
	v.mu.Lock()
	if cmd.Stderr == nil {
		cmd.Stderr = os.Stderr
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	v.cmd, v.commands, v.dead = cmd, commands, dead
	v.mu.Unlock()
	go func() {
		err = cmd.Wait()
		close(dead)
	}()
	for !early && !done() {
		select {
		case <-dead:
			early = true
		default:
			runtime.Gosched()
		}
	}
	cmd.Process.Kill()
	<-dead
	v.mu.Lock()
	v.cmd = nil
	v.mu.Unlock()
	return early, err
}
