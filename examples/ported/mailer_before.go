package ported

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"sync"
	"time"
)

// mailerBefore is a pool of connections to a relay, as programs have one that send to
// lists: so many connections at once, which are closed when they are idle, and another
// attempt when one fails.
type mailerBefore struct {
	address  string
	config   *tls.Config
	auth     smtp.Auth
	maxConns int
	retries  int
	idleTime time.Duration

	mu     sync.Mutex
	idle   []*connBefore
	slots  chan struct{}
	closed bool
	stop   chan struct{}
}

type connBefore struct {
	client *smtp.Client
	used   time.Time
}

func newMailerBefore(address string, config *tls.Config, auth smtp.Auth, maxConns int) *mailerBefore {
	m := &mailerBefore{address: address, config: config, auth: auth, maxConns: maxConns, retries: 3, idleTime: 15 * time.Second}
	m.slots = make(chan struct{}, maxConns)
	m.stop = make(chan struct{})
	go m.sweep()
	return m
}

// send sends a message, again if a connection fails: also one that the relay had taken
// before it failed, which then arrives twice.
func (m *mailerBefore) send(from string, to []string, message []byte) (err error) {
	m.slots <- struct{}{}
	defer func() { <-m.slots }()
	for try := 0; try < m.retries; try++ {
		var c *connBefore
		if c, err = m.get(); err != nil {
			time.Sleep(time.Duration(try+1) * time.Second)
			continue
		}
		if err = c.send(from, to, message); err == nil {
			m.put(c)
			return nil
		}
		var refused *textproto.Error
		if errors.As(err, &refused) && c.client.Reset() == nil {
			m.put(c)
			return err
		}
		c.client.Close()
	}
	return err
}

func (c *connBefore) send(from string, to []string, message []byte) error {
	if err := c.client.Mail(from); err != nil {
		return err
	}
	for _, rcpt := range to {
		if err := c.client.Rcpt(rcpt); err != nil {
			return err
		}
	}
	w, err := c.client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(message); err != nil {
		return err
	}
	return w.Close()
}

func (m *mailerBefore) get() (*connBefore, error) {
	for {
		m.mu.Lock()
		if m.closed {
			m.mu.Unlock()
			return nil, errors.New("mailer is closed")
		}
		if len(m.idle) == 0 {
			m.mu.Unlock()
			return m.dial()
		}
		c := m.idle[len(m.idle)-1]
		m.idle = m.idle[:len(m.idle)-1]
		m.mu.Unlock()
		if c.client.Noop() == nil { // a round trip, to find out whether it still stands
			return c, nil
		}
		c.client.Close()
	}
}

func (m *mailerBefore) put(c *connBefore) {
	c.used = time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		go c.client.Quit()
		return
	}
	m.idle = append(m.idle, c)
}

func (m *mailerBefore) dial() (*connBefore, error) {
	conn, err := net.DialTimeout("tcp", m.address, 10*time.Second)
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	client, err := smtp.NewClient(conn, m.config.ServerName)
	if err == nil {
		err = client.StartTLS(m.config)
	}
	if err == nil && m.auth != nil {
		err = client.Auth(m.auth)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("relay: %w", err)
	}
	conn.SetDeadline(time.Time{}) // from now on a relay that is silent is waited for without end
	return &connBefore{client: client, used: time.Now()}, nil
}

// sweep closes connections that are idle for long.
func (m *mailerBefore) sweep() {
	ticker := time.NewTicker(m.idleTime / 2)
	defer ticker.Stop()
	for {
		select {
		case <-m.stop:
			return
		case <-ticker.C:
		}
		m.mu.Lock()
		var kept []*connBefore
		for _, c := range m.idle {
			if time.Since(c.used) > m.idleTime {
				go c.client.Quit()
				continue
			}
			kept = append(kept, c)
		}
		m.idle = kept
		m.mu.Unlock()
	}
}

// Close closes the idle connections. Those in use are closed when they are given back.
func (m *mailerBefore) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	close(m.stop)
	for _, c := range m.idle {
		c.client.Quit()
	}
	m.idle = nil
	return nil
}
