package servers

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/mailconn/mailconn/internal/test/supervise"
)

// Ports for servers come from below those that the kernel gives to clients, and
// to listeners that do not care: one that is free now must still be free when
// the server binds it. Each process begins somewhere else, so that two of them
// seldom meet; when they do the server does not start, and is tried again with
// other ports.
const (
	firstPort = 10000
	portCount = 20000
)

var nextPort struct {
	sync.Mutex
	n int
}

// freePort returns a port of 127.0.0.1 that nothing listens on, another with
// each call.
func freePort() (int, error) {
	nextPort.Lock()
	defer nextPort.Unlock()
	if nextPort.n == 0 {
		nextPort.n = rand.IntN(portCount)
	}
	for range portCount {
		nextPort.n++
		port := firstPort + nextPort.n%portCount
		if l, err := net.Listen("tcp", address(port)); err == nil {
			l.Close()
			return port, nil
		}
	}
	return 0, errors.New("no free port")
}

// ready returns when something listens on all the ports, or the server has
// ended, or it takes too long.
func ready(p *supervise.Process, ports []int) error {
	// Nothing else tells: a server that stays in the foreground binds its ports
	// when it likes. The kernel is asked because a connection would make the
	// server start a process.
	deadline := time.After(20 * time.Second)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for missing(ports) > 0 {
		select {
		case <-p.Done():
			return errors.New("it ended")
		case <-deadline:
			return fmt.Errorf("nothing listens on port %d", missing(ports))
		case <-again.C:
		}
	}
	select {
	case <-p.Done(): // the port is another's
		return errors.New("it ended")
	default:
		return nil
	}
}

// missing returns one of the ports that nothing listens on, 0 if there is none.
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
