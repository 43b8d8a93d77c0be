package pool

import (
	"errors"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/line/smtp/transaction"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// refusesConns reports whether a dial that failed, or what ended a connection before
// it was of use, was a refusal of one connection more: [transaction.AboutConnections]
// in the greeting, or in reply to EHLO, AUTH or MAIL, or 454 in reply to AUTH (RFC 4954
// §6).
func refusesConns(err error) bool {
	var failed *dial.Error
	var login *auth.Error
	var said *smtp.SMTPError
	switch {
	case errors.As(err, &login) && (login.Code == "454" || login.Code == "4.3.2"):
		return true // whatever is left of the words, which are kept where they betray no secret
	case errors.As(err, &failed) && failed.Phase != dial.PhaseSession:
		reply := words(failed)
		code, enhanced := smtpline.Codes(reply)
		return transaction.AboutConnections(code, enhanced, reply)
	case errors.As(err, &said):
		return transaction.AboutConnections(said.Code, smtpline.EnhancedCode(said.EnhancedCode), said.Message)
	}
	return false
}

// words returns what the server said that refused a dial.
func words(err error) string {
	var broken *policy.Violation
	var login *auth.Error
	var farewell *dial.Farewell
	switch {
	case errors.As(err, &login):
		return login.Reply
	case errors.As(err, &farewell):
		return farewell.Reply
	case errors.As(err, &broken):
		return broken.Reply
	}
	return ""
}

// ofConnection reports whether a message was not sent, or refused, for the sake of its
// connection. Another may have a better one.
func ofConnection(err error) bool {
	var failed *smtpconn.SendError
	if !errors.As(err, &failed) {
		return false
	}
	return failed.Outcome == smtpconn.NotSent && failed.Temporary() || refusalOfConn(failed) != nil
}

// refusalOfConn returns the reply that refused the connection in place of the message, nil
// if none did: to MAIL as in a dial, to DATA 421 or in words, and to RCPT 421, or words with
// an enhanced code that is about the client. Without one the words may be those of a host
// that the relay has asked about the recipient.
func refusalOfConn(e *smtpconn.SendError) *smtp.SMTPError {
	refuses := func(r *smtp.SMTPError) bool {
		return r.Code == smtpline.ServiceClosing || transaction.SpeaksOfConnections(r.Message)
	}
	switch {
	case e.Reply != nil && (e.Phase == smtpconn.PhaseMail && refusesConns(e.Reply) || e.Phase == smtpconn.PhaseData && refuses(e.Reply)):
		return e.Reply
	case e.Phase == smtpconn.PhaseRcpt:
		for _, r := range e.Refused {
			code, enhanced := r.Reply.Code, smtpline.EnhancedCode(r.Reply.EnhancedCode)
			ofClient := enhanced[1] > 0 && transaction.AboutClient(code, enhanced, r.Reply.Message)
			if code == smtpline.ServiceClosing || ofClient && refuses(r.Reply) {
				return r.Reply
			}
		}
	}
	return nil
}

// endsConnection reports whether an error is one after which the connection is of no
// more use.
func endsConnection(err error) bool {
	var failed *smtpconn.SendError
	if !errors.As(err, &failed) {
		return false
	}
	switch failed.Outcome {
	case smtpconn.NotSent:
		return failed.Temporary()
	case smtpconn.InDoubt:
		return true
	}
	var said *smtp.SMTPError
	closing := errors.As(err, &said) && said.Code == smtpline.ServiceClosing
	return closing || refusalOfConn(failed) != nil
}
