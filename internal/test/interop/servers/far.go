package servers

import (
	"net"
	"time"
)

// Far returns an address that leads to addr over a long line: whatever is sent
// in either direction arrives after the delay, as fast as it was sent.
func (l *Lab) Far(addr string, delay time.Duration) string {
	l.t.Helper()
	listener, err := net.Listen("tcp", loopback+":0")
	check(l.t, err)
	l.t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go lead(client, addr, delay)
		}
	}()
	return listener.Addr().String()
}

func lead(client net.Conn, addr string, delay time.Duration) {
	server, err := net.Dial("tcp", addr)
	if err != nil {
		client.Close()
		return
	}
	go late(server, client, delay)
	late(client, server, delay)
}

// parcel is what is under way.
type parcel struct {
	bytes []byte
	due   time.Time
}

// late copies until the end, each part after the delay, and then closes both.
func late(to, from net.Conn, delay time.Duration) {
	defer to.Close()
	defer from.Close()
	line := make(chan parcel, 1<<12)
	go func() {
		defer close(line)
		for {
			b := make([]byte, 32<<10)
			n, err := from.Read(b)
			line <- parcel{b[:n], time.Now().Add(delay)}
			if err != nil {
				return
			}
		}
	}()
	for p := range line {
		<-time.After(time.Until(p.due))
		if _, err := to.Write(p.bytes); err != nil {
			from.Close()
			for range line { // until the reader has noticed
			}
			return
		}
	}
}
