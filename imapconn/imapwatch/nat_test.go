package imapwatch_test

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/mailconn/mailconn/dial"
)

// nat is a NetDialer whose connections carry nothing more when they were silent for a time,
// of which neither end is told.
type nat struct {
	to    dial.NetDialer
	limit time.Duration
}

func (n *nat) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := n.to.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	client, inside := net.Pipe()
	f := &flow{limit: n.limit, last: time.Now()}
	var both sync.WaitGroup
	both.Go(func() { f.carry(conn, inside) })
	both.Go(func() { f.carry(inside, conn) })
	go func() {
		both.Wait()
		conn.Close()
		inside.Close()
	}()
	return client, nil
}

type flow struct {
	limit time.Duration
	mu    sync.Mutex
	last  time.Time
}

// carry carries one direction until the client has closed, or the server.
func (f *flow) carry(to, from net.Conn) {
	defer to.Close()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		f.mu.Lock()
		dead := time.Since(f.last) > f.limit
		if !dead {
			f.last = time.Now()
		}
		f.mu.Unlock()
		if !dead {
			to.Write(buf[:n])
		}
	}
}
