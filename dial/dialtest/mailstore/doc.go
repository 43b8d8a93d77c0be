// Package mailstore keeps the mailboxes of one account in memory, for the IMAP and POP3
// servers of package dialtest.
//
//	store := mailstore.New()
//	store.Inbox().Deliver("Subject: hello\r\n\r\nHello.\r\n")
//	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP, Store: store})
//
// A test can change mailboxes while sessions are open, as other clients and the delivery of
// mail do. There are no limits. All methods may be used from several goroutines at once.
package mailstore
