package ported

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"strconv"
	"strings"
	"time"
)

// alertBefore has the settings of a notifier as such programs have had them for years.
type alertBefore struct {
	Host       string
	Port       int
	SSL        bool // TLS from the first byte
	RequireTLS bool // no mail without STARTTLS
	Hello      string
	User       string
	Password   string
	roots      *x509.CertPool
}

// send sends a message. It gives the server as long as the server likes, once the
// connection stands; without RequireTLS an attacker who removes STARTTLS from the list of
// extensions reads the mail; what the server said of each recipient is not kept.
func (s alertBefore) send(from string, to []string, message []byte) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Mail(from); err != nil {
		return fmt.Errorf("sender: %w", err)
	}
	for _, rcpt := range to {
		if err := c.Rcpt(rcpt); err != nil {
			return fmt.Errorf("recipient %s: %w", rcpt, err)
		}
	}
	w, err := c.Data()
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	if _, err := w.Write(message); err != nil {
		return fmt.Errorf("message: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("end of message: %w", err)
	}
	c.Quit() // the message is sent, whatever the answer
	return nil
}

// connect connects, begins TLS in one of two ways, and logs in.
func (s alertBefore) connect() (*smtp.Client, error) {
	address := net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	config := &tls.Config{ServerName: s.Host, RootCAs: s.roots}
	dialer := &net.Dialer{Timeout: 30 * time.Second}
	var conn net.Conn
	var err error
	if s.SSL || s.Port == 465 {
		conn, err = tls.DialWithDialer(dialer, "tcp", address, config)
	} else {
		conn, err = dialer.Dial("tcp", address)
	}
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	c, err := smtp.NewClient(conn, s.Host)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("greeting: %w", err)
	}
	if err := s.begin(c, config); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (s alertBefore) begin(c *smtp.Client, config *tls.Config) error {
	if s.Hello != "" {
		if err := c.Hello(s.Hello); err != nil {
			return fmt.Errorf("hello: %w", err)
		}
	}
	if _, encrypted := c.TLSConnectionState(); !encrypted {
		offered, _ := c.Extension("STARTTLS")
		if !offered && s.RequireTLS {
			return errors.New("TLS is required, and the server does not offer it")
		}
		if offered {
			if err := c.StartTLS(config); err != nil {
				return fmt.Errorf("starttls: %w", err)
			}
		}
	}
	if offered, mechanisms := c.Extension("AUTH"); offered && s.User != "" {
		if err := c.Auth(s.auth(mechanisms)); err != nil {
			return fmt.Errorf("auth: %w", err)
		}
	}
	return nil
}

// auth returns the first mechanism in an order of its own that the server lists.
func (s alertBefore) auth(mechanisms string) smtp.Auth {
	for _, name := range strings.Fields(mechanisms) {
		switch name {
		case "CRAM-MD5":
			return smtp.CRAMMD5Auth(s.User, s.Password)
		case "LOGIN":
			return &loginBefore{s.User, s.Password}
		}
	}
	return smtp.PlainAuth("", s.User, s.Password, s.Host)
}

// loginBefore is the mechanism LOGIN, which net/smtp does not have, and nearly every
// program that uses net/smtp does.
type loginBefore struct{ user, password string }

func (a *loginBefore) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if !server.TLS {
		return "", nil, errors.New("LOGIN without TLS")
	}
	return "LOGIN", nil, nil
}

func (a *loginBefore) Next(challenge []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	switch strings.ToLower(string(challenge)) {
	case "username:", "user name":
		return []byte(a.user), nil
	case "password:", "password":
		return []byte(a.password), nil
	}
	return nil, fmt.Errorf("unexpected challenge %q", challenge)
}
