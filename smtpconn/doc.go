// Package smtpconn connects to SMTP servers, for submission and for relay, and
// keeps the connection's policy: it goes from an endpoint to an authenticated
// go-smtp client, or to a [*dial.Error] that says what stopped it.
//
//	client, err := smtpconn.Dial(ctx, endpoint, &smtpconn.Options{
//		Auth: auth.Password{User: "user", Password: auth.NewSecret(password)},
//	})
//
// EHLO and authentication are done here, on lines of our own. The mail library
// is told what EHLO was answered without asking a second time.
package smtpconn
