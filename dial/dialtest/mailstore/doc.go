// Package mailstore keeps mail in memory: the mailboxes of one account, as the
// servers of package dialtest serve them by IMAP and POP3.
//
//	store := mailstore.New()
//	store.Inbox().Deliver("Subject: hello\r\n\r\nHello.\r\n")
//	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP, Store: store})
//
// A test changes mailboxes while sessions are open, as other clients and the
// delivery of mail do in real life. Nothing is ever written anywhere else, and
// there are no limits. All methods may be used from several goroutines at once.
package mailstore
