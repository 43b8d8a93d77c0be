package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/examples/internal/mailserver"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/smtpconn"
)

const message = "From: <" + mailserver.Address + ">\r\n" +
	"To: <" + mailserver.Address + ">\r\n" +
	"Subject: there and back\r\n" +
	"\r\n" +
	"A message to myself.\r\n"

func credentials() auth.Credentials {
	return auth.Password{User: mailserver.User, Secret: auth.NewSecret(mailserver.Password)}
}

// thereAndBack sends a message and reads it by both protocols.
func thereAndBack(ctx context.Context, w io.Writer, srv *mailserver.Server, d *dial.Dialer) error {
	s, err := send(ctx, srv.Endpoint(policy.Submission, policy.RequiredSTARTTLS), d)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "sent  %v\n", s)

	s, text, err := readIMAP(ctx, srv.Endpoint(policy.IMAP, policy.ImplicitTLS), d)
	if err = check(text, err); err != nil {
		return fmt.Errorf("read by IMAP: %w", err)
	}
	fmt.Fprintf(w, "read  %v\n", s)

	s, text, err = readPOP3(ctx, srv.Endpoint(policy.POP3, policy.RequiredSTARTTLS), d)
	if err = check(text, err); err != nil {
		return fmt.Errorf("read by POP3: %w", err)
	}
	fmt.Fprintf(w, "read  %v\n", s)
	return nil
}

func check(text []byte, err error) error {
	if err == nil && string(text) != message {
		err = fmt.Errorf("not the message that was sent: %q", text)
	}
	return err
}

// send submits the message.
func send(ctx context.Context, e dial.Endpoint, d *dial.Dialer) (s dial.Security, err error) {
	c, err := smtpconn.Dial(ctx, e, &smtpconn.Options{Dialer: d, Auth: credentials()})
	if err != nil {
		return s, err
	}
	defer c.Close()
	err = c.SendMail(mailserver.Address, []string{mailserver.Address}, strings.NewReader(message))
	if err != nil {
		return s, err
	}
	return c.Security(), c.Quit(ctx)
}

// readIMAP reads the first message. Everything after Dial is go-imap's own.
func readIMAP(ctx context.Context, e dial.Endpoint, d *dial.Dialer) (s dial.Security, text []byte, err error) {
	c, err := imapconn.Dial(ctx, e, &imapconn.Options{Dialer: d, Auth: credentials()})
	if err != nil {
		return s, nil, err
	}
	defer c.Close()
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		return s, nil, err
	}
	whole := &imap.FetchItemBodySection{}
	messages, err := c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{
		BodySection: []*imap.FetchItemBodySection{whole},
	}).Collect()
	if err != nil {
		return s, nil, err
	}
	if len(messages) == 0 {
		return s, nil, errors.New("no message")
	}
	return c.Security(), messages[0].FindBodySection(whole), c.Logout().Wait()
}

// readPOP3 reads the first message.
func readPOP3(ctx context.Context, e dial.Endpoint, d *dial.Dialer) (s dial.Security, text []byte, err error) {
	c, err := pop3conn.Dial(ctx, e, &pop3conn.Options{Dialer: d, Auth: credentials()})
	if err != nil {
		return s, nil, err
	}
	defer c.Close()
	body, err := c.Retr(ctx, 1)
	if err != nil {
		return s, nil, err
	}
	if text, err = io.ReadAll(body); err != nil {
		return s, nil, err
	}
	return c.Security(), text, c.Quit(ctx)
}
