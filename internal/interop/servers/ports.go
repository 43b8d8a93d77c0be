package servers

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
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
	// when it likes. The kernel is asked because a connection would make the
	// server start a process.
	deadline := time.After(20 * time.Second)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for missing(ports) > 0 {
		select {
		case <-p.done:
			return errors.New("it ended")
		case <-deadline:
			return fmt.Errorf("nobody listens on port %d", missing(ports))
		case <-again.C:
		}
	}
	return nil
}

// missing returns one of the ports that nobody listens on, 0 if there is none.
func missing(ports []int) int {
	// A line is "N: ADDRESS:PORT ADDRESS:PORT STATE ...", in hexadecimal.
	table, _ := os.ReadFile("/proc/net/tcp")
	bound := map[string]bool{}
	for line := range strings.Lines(string(table)) {
		if f := strings.Fields(line); len(f) > 3 && f[3] == "0A" {
			_, port, _ := strings.Cut(f[1], ":")
			bound[port] = true
		}
	}
	for _, port := range ports {
		if !bound[fmt.Sprintf("%04X", port)] {
			return port
		}
	}
	return 0
}

const loopback = "127.0.0.1"

func address(port int) string { return fmt.Sprintf("%s:%d", loopback, port) }
