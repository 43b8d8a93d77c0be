package smtpconn

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/wire"
)

var (
	errAuthSettled  = errors.New("smtpconn: authentication happens in Dial or New, through Options.Auth")
	errHelloSettled = errors.New("smtpconn: EHLO was said in Dial or New; its name is Dialer.LocalName")
)

// Auth returns an error: set Options.Auth.
func (c *Client) Auth(sasl.Client) error { return errAuthSettled }

// Hello returns an error: set Dialer.LocalName.
func (c *Client) Hello(localName string) error { return errHelloSettled }

// Reset ends the current transaction with RSET. The session goes on as EHLO left
// it: no second EHLO is sent. If the server does not answer 250, the connection is
// closed: what is left of the transaction must not meet the next message.
func (c *Client) Reset() error {
	if err := c.inner.Reset(); err != nil {
		c.line.fail(fmt.Errorf("the transaction was not ended: %w", err))
		return err
	}
	c.line.armed = true
	return nil
}

// Verify asks with VRFY whether there is an address. nil means that the server accepts
// mail for it: it knows it (250), forwards its mail (251), or does not say (252, RFC 5321
// §3.5.3).
func (c *Client) Verify(address string) error {
	err := c.inner.Verify(address)
	var said *smtp.SMTPError
	if errors.As(err, &said) && (said.Code == 251 || said.Code == 252) {
		return nil
	}
	return err
}

// SendMail sends a message in a transaction of its own: MAIL, RCPT for each
// address, DATA. nil means that the server has taken it for all of them. If the
// server refuses anything, the message is sent to none of them, the error holds the
// server's *smtp.SMTPError and names the recipient if it is about one, and the
// session is ready for the next message. If r fails, the connection is closed, and
// nothing is delivered. After every other error the session has ended.
func (c *Client) SendMail(from string, to []string, r io.Reader) error {
	if len(to) == 0 {
		return errNoRecipients
	}
	w, err := c.open(from, to)
	var refused *smtp.SMTPError
	switch {
	case errors.As(err, &refused):
		c.Reset() // or the connection is closed
		return err
	case err != nil:
		return err
	}
	if _, err := io.Copy(w, r); err != nil {
		c.Abort()
		return err
	}
	return w.Close()
}

// open begins a transaction, up to where the message is awaited.
func (c *Client) open(from string, to []string) (*DataCommand, error) {
	utf8 := !wire.IsASCII(from) || slices.ContainsFunc(to, func(a string) bool { return !wire.IsASCII(a) })
	if err := c.Mail(from, &smtp.MailOptions{UTF8: utf8}); err != nil {
		return nil, err
	}
	for _, address := range to {
		if err := c.Rcpt(address, nil); err != nil {
			return nil, wire.PrintableError(fmt.Errorf("recipient %s: %w", wire.PrintableUpTo(address, 100), err))
		}
	}
	return c.Data()
}

// DataCommand is a message being sent. It must be closed before the next command:
// a command in the middle of a message ends the connection, because the wrapped
// client would end the message first, and the server would deliver what there is
// of it.
type DataCommand struct {
	inner *smtp.DataCommand
	line  *handover
}

var _ io.WriteCloser = (*DataCommand)(nil)

// Data sends DATA and returns a writer for the message's header and body. It must
// follow at least one Rcpt.
func (c *Client) Data() (*DataCommand, error) {
	cmd, err := c.inner.Data()
	if err != nil {
		return nil, err
	}
	c.line.message = unfinished
	return &DataCommand{cmd, &c.line}, nil
}

// Write writes a part of the message. Leading dots are doubled, and bare LF
// becomes CRLF.
func (d *DataCommand) Write(p []byte) (int, error) {
	if d.line.message == none {
		return d.inner.Write(p) // which fails
	}
	d.line.message = writing
	defer func() { d.line.message = unfinished }()
	return d.inner.Write(p)
}

// Close ends the message and waits for the server's reply. nil means that the
// server has taken it.
func (d *DataCommand) Close() error {
	_, err := d.CloseWithResponse()
	return err
}

// CloseWithResponse is Close with the text of the reply, in which many servers
// name the message.
func (d *DataCommand) CloseWithResponse() (*smtp.DataResponse, error) {
	if d.line.message != none {
		d.line.message = writing
	}
	defer func() { d.line.message = none }()
	return d.inner.CloseWithResponse()
}

// messageState is where the connection stands with a message of Data.
type messageState uint8

const (
	none       messageState = iota
	unfinished              // DATA was sent, and the message is not closed
	writing                 // what is written now belongs to it
)
