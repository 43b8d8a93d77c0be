package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

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
	defer o.printAttempts(w)
	if err == nil {
		return delivered(w, receipt)
	}
	return notDelivered(w, o.args, err)
}

// notDelivered prints the status of the recipients of a message that no server has taken.
func notDelivered(w io.Writer, recipients []string, err error) (exit int) {
	var failed *smtpconn.SendError // which every error is
	errors.As(err, &failed)
	action, status := "failed", [3]int{5, 0, 0}
	exit = statusUnavailable
	switch {
	case failed.Outcome == smtpconn.InDoubt: // another attempt may be a second copy
		action, exit = "delayed", statusInDoubt
	case failed.Temporary():
		action, exit = "delayed", statusLater
	}
	var domain *mx.Error
	if errors.As(err, &domain) {
		status = domain.Status
	}
	refused := func(to string) bool {
		return slices.ContainsFunc(failed.Refused, func(r smtpconn.Refusal) bool { return r.Recipient == to })
	}
	for _, to := range slices.DeleteFunc(slices.Clone(recipients), refused) {
		fmt.Fprintf(w, "Final-Recipient: rfc822;%s\nAction: %s\nStatus: %s\nX-Outcome: %v\n\n", to, action, dotted(status), failed.Outcome)
	}
	printRefused(w, failed.Refused)
	if domain == nil || domain.Tried == nil {
		fmt.Fprintln(w, err)
	}
	return exit
}

// dotted returns a status as it stands in a delivery status (RFC 3463).
func dotted(status [3]int) string { return fmt.Sprintf("%d.%d.%d", status[0], status[1], status[2]) }

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
	return printRefused(w, r.Refused)
}

// printRefused prints the status of recipients that a server has refused.
func printRefused(w io.Writer, all []smtpconn.Refusal) (exit int) {
	for _, r := range all {
		action := "failed"
		if exit = max(exit, statusUnavailable); r.Reply.Temporary() {
			action, exit = "delayed", statusLater
		}
		status := [3]int(r.Reply.EnhancedCode)
		if status[0] != r.Reply.Code/100 { // the server has given none
			status = [3]int{r.Reply.Code / 100, 0, 0}
		}
		fmt.Fprintf(w, "Final-Recipient: rfc822;%s\nAction: %s\nStatus: %s\nDiagnostic-Code: smtp;%03d %s\n\n",
			r.Recipient, action, dotted(status), r.Reply.Code, r.Reply.Message)
	}
	return exit
}
