package ported

import (
	"context"
	"io"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/legacy"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// Alert has the settings of a notifier that was configured by switches, under the names
// that they had.
type Alert struct {
	Host       string
	Port       int
	SSL        legacy.Switch
	STARTTLS   legacy.Switch
	RequireTLS legacy.Switch
	User       string
	Password   auth.Source
	Dialer     *dial.Dialer // has the name for EHLO, and roots; nil means a zero one
}

// Send sends a message to all recipients or to none. It ends with ctx, and its error says
// in which step it failed and what the server said.
//
// What is gone is the choice of a port's TLS, the upgrade, the choice of a mechanism, the
// mechanism LOGIN, and the dialogue. What is new is that switches which contradict each
// other are an error, and that nothing reads mail when STARTTLS is removed.
func (a Alert) Send(ctx context.Context, from string, to []string, message io.Reader) error {
	endpoint, _, err := legacy.Endpoint(legacy.Settings{
		Protocol: policy.Submission, Host: a.Host, Port: a.Port, TLS: a.SSL, STARTTLS: a.STARTTLS, RequireTLS: a.RequireTLS,
	})
	if err != nil {
		return err
	}
	client, err := smtpconn.Dial(ctx, endpoint, &smtpconn.Options{
		Dialer: a.Dialer,
		Auth:   auth.Password{User: a.User, Secret: a.Password, IfOffered: true},
	})
	if err != nil {
		return err
	}
	defer client.Quit(ctx)
	_, err = client.Send(ctx, smtpconn.Envelope{From: from, To: to, NormalizeLines: true}, message)
	return err
}
