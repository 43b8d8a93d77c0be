package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/mx"
)

// send delivers a message, and prints a delivery status for each recipient.
func send(ctx context.Context, s *mx.Sender, o *options, message []byte, w io.Writer) int {
	envelope := smtpconn.Envelope{
		From: o.from, To: o.args, Partial: true, NormalizeLines: true,
		Mail: &smtp.MailOptions{RequireTLS: o.requireTLS},
	}
	receipt, err := s.Send(ctx, envelope, bytes.NewReader(message))
	if err == nil {
		defer o.printAttempts(w)
		return delivered(w, receipt)
	}
	var failed *smtpconn.SendError // which every error is
	var domain *mx.Error
	errors.As(err, &failed)
	action, status, exit := "failed", "5.0.0", statusUnavailable
	switch {
	case failed.Outcome == smtpconn.InDoubt: // another attempt may be a second copy
		action, status, exit = "delayed", "4.4.2", statusInDoubt
	case failed.Temporary():
		action, status, exit = "delayed", "4.0.0", statusLater
	}
	if errors.As(err, &domain) {
		status = fmt.Sprintf("%d.%d.%d", domain.Status[0], domain.Status[1], domain.Status[2])
	}
	for _, to := range o.args {
		fmt.Fprintf(w, "Final-Recipient: rfc822;%s\nAction: %s\nStatus: %s\nX-Outcome: %v\n\n", to, action, status, failed.Outcome)
	}
	if o.attempts == nil {
		fmt.Fprintln(w, err)
	}
	o.printAttempts(w)
	return exit
}

// printAttempts prints what was tried, and how each connection was protected.
func (o *options) printAttempts(w io.Writer) {
	for _, attempt := range o.attempts {
		fmt.Fprintln(w, "tried", attempt)
	}
	fmt.Fprintln(w)
}

// delivered prints the status of each recipient of a message that a server has taken.
func delivered(w io.Writer, r *smtpconn.Receipt) (exit int) {
	for _, to := range r.Accepted {
		fmt.Fprintf(w, "Final-Recipient: rfc822;%s\nAction: relayed\nStatus: 2.0.0\nDiagnostic-Code: smtp;%s\n\n", to, r.Reply)
	}
	for _, refusal := range r.Refused {
		action := "failed"
		if exit = max(exit, statusUnavailable); refusal.Reply.Temporary() {
			action, exit = "delayed", statusLater
		}
		fmt.Fprintf(w, "Final-Recipient: rfc822;%s\nAction: %s\nDiagnostic-Code: smtp;%v\n\n", refusal.Recipient, action, refusal.Reply)
	}
	return exit
}
