package sockettest

import (
	"net"
	"time"
)

// Lead leads a client to a server over a long line, until one of them ends: whatever is
// sent in either direction arrives after the delay, as fast as it was sent.
func Lead(client net.Conn, address string, delay time.Duration) {
	server, err := net.Dial("tcp", address)
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
