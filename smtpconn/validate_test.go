package smtpconn_test

import (
	"errors"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/smtpconn"
)

// Validate finds what no server could make right, and nothing else.
func TestValidate(t *testing.T) {
	priority := 10
	good := smtpconn.Envelope{From: "ann@example.org", To: []string{"jörg@bücher.example"}, Mail: &smtp.MailOptions{
		Body: smtp.BodyBinaryMIME, RequireTLS: true, UTF8: true, Return: smtp.DSNReturnFull, EnvelopeID: "x", Auth: new(string),
	}, Rcpt: []*smtp.RcptOptions{nil, {Notify: []smtp.DSNNotify{smtp.DSNNotifyNever}}}}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*smtpconn.Envelope){
		"no recipients": func(e *smtpconn.Envelope) { e.To = nil },
		"sender":        func(e *smtpconn.Envelope) { e.From = "a@b>\r\nRSET" },
		"recipient":     func(e *smtpconn.Envelope) { e.To = []string{""} },
		"body":          func(e *smtpconn.Envelope) { e.Mail = &smtp.MailOptions{Body: "9BIT"} },
		"size":          func(e *smtpconn.Envelope) { e.Mail = &smtp.MailOptions{Size: -1} },
		"RET":           func(e *smtpconn.Envelope) { e.Mail = &smtp.MailOptions{Return: "HALF"} },
		"ENVID":         func(e *smtpconn.Envelope) { e.Mail = &smtp.MailOptions{EnvelopeID: "ü"} },
		"MT-PRIORITY":   func(e *smtpconn.Envelope) { e.Rcpt = []*smtp.RcptOptions{{MTPriority: &priority}} },
	} {
		e := good
		change(&e)
		err := e.Validate()
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		var missing *smtpconn.ExtensionError
		if errors.As(err, &missing) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
