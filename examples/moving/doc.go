// Package moving shows how to move to mailconn from other ways to reach a mail server.
// Each example has the code as it was in its comment, and the code as it becomes.
//
//	from                                    to                           example
//	net/smtp                                smtpconn                     NetSMTP
//	go-smtp: DialTLS, DialStartTLS, Auth    smtpconn                     GoSMTP
//	go-mail: NewClient, DialAndSend         smtpconn                     GoMail
//	a pool of SMTP connections              smtpconn/pool                Pool
//	go-imap v2: DialTLS, DialStartTLS       imapconn                     GoIMAP
//	go-imap v1                              imapconn                     GoIMAPv1
//	a loop over IDLE                        imapconn                     Notifier
//	go-pop3                                 pop3conn, pop3conn/pop3watch GoPOP3
//	ssl, starttls, require_tls in a file    dial/legacy, dial.Endpoint   Booleans
//
// What is the same everywhere: one call connects, verifies the server and logs in, within
// one context. There is no default for TLS: the endpoint has a policy, as in
// "submission://mail.example.org", which requires STARTTLS. An error says in which phase
// the connection failed, and why. The methods that would log in or begin TLS by
// themselves (Login, Authenticate, Auth, StartTLS) are not there, or return an error that
// says so. Package ported, beside this one, has three whole programs before and after.
package moving
