package servers

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// handedOut are the ports that a server of this process was given: it may not
// have bound them yet.
var handedOut struct {
	sync.Mutex
	ports map[int]bool
}

// freePort returns a port of 127.0.0.1 that nobody listens on. Another process
// may still be quicker than the server; then starting it fails, and is tried
// again with other ports.
func freePort() (int, error) {
	handedOut.Lock()
	defer handedOut.Unlock()
	if handedOut.ports == nil {
		handedOut.ports = map[int]bool{}
	}
	for {
		l, err := net.Listen("tcp", loopback+":0")
		if err != nil {
			return 0, err
		}
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		if !handedOut.ports[port] {
			handedOut.ports[port] = true
			return port, nil
		}
	}
}

// ready returns when something listens on all the ports, or the server has
// ended, or it takes too long.
func (p *process) ready(ports []int) error {
	// Nothing else tells: a server that stays in the foreground binds its ports
	// when it likes.
	deadline := time.After(20 * time.Second)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for _, port := range ports {
		for !listening(port) {
			select {
			case <-p.done:
				return fmt.Errorf("it ended")
			case <-deadline:
				return fmt.Errorf("nobody listens on port %d", port)
			case <-again.C:
			}
		}
	}
	return nil
}

func listening(port int) bool {
	c, err := net.Dial("tcp", address(port))
	if err != nil {
		return false
	}
	c.Close()
	return true
}

const loopback = "127.0.0.1"

func address(port int) string { return fmt.Sprintf("%s:%d", loopback, port) }
