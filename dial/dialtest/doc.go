// Package dialtest provides honest mail servers for tests, and a man in the
// middle to put in front of them.
//
// A [Server] speaks IMAP, SMTP or POP3 as the standards say, and records what
// its clients send. A [MITM] stands between a client and any server and does
// one thing that a client must not fall for. A [CA] issues good and bad
// certificates.
//
//	srv, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP})
//	...
//	defer srv.Close()
//	d := dial.Dialer{TLSConfig: srv.ClientConfig()}
//	conn, err := d.Dial(ctx, srv.Endpoint(policy.RequiredSTARTTLS))
//
// To see what a program does on a bad network, dial the man in the middle
// instead, and ask the recorder afterwards whether a password left in the clear:
//
//	mitm, err := dialtest.Interpose(srv.Addr(), policy.IMAP, dialtest.Strip)
//	...
//	for _, s := range mitm.Sessions() {
//		if leaks := s.Leaks(password); leaks != nil {
//			t.Errorf("sent in the clear: %q", leaks)
//		}
//	}
//
// Nothing here leaves the host: all listeners are bound to 127.0.0.1. Servers
// hold what they are sent in memory and set no limits, so they are for tests
// and demonstrations alone.
//
// # Time
//
// [Server.Pipe] gives connections that work inside a bubble of package
// testing/synctest: certificates of every kind but [CertExpired] and
// [CertNotYetValid] are valid in the year 2000, when its clock begins. Call
// [NewServer] before the bubble begins, since a listener inside keeps its
// clock from moving, and close the pipe before it ends.
package dialtest
