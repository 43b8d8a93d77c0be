// Package dialtest provides mail servers for tests: honest ones, a man in the
// middle to put in front of them, and several hundred hostile ones, with a function
// that runs a program's own connection code against all of them. The program
// need not use any other package of this module to connect.
//
// What to use for a test in which
//
//	a program reads or sends mail            NewServer
//	mail arrives, is deleted or is sent      Server.Deliver, Expunge, Store; Messages
//	a server refuses, waits or hangs up      Config.Rules, Server.Order
//	every such rule must have applied        Server.UnusedRules
//	a server lacks an extension              Config.Without
//	the network is slow, or breaks           NewNetwork with a Plan
//	an attacker is between                   Interpose
//	no password leaks, and every wait ends   TestDial
//	a program is configured with file names  CA.WriteFiles, Config.Unix
//	time passes                              Server.PipeDialer in a synctest bubble
//	what the client sent matters             Server.Sessions
//
// # Honest servers
//
// A [Server] speaks IMAP, SMTP or POP3 as the standards say, and records what
// its clients send. A [CA] issues its certificate, a good one or one of several bad
// kinds.
//
//	srv, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP})
//	...
//	defer srv.Close()
//	d := dial.Dialer{TLSConfig: srv.ClientConfig()}
//	conn, err := d.Dial(ctx, srv.Endpoint(policy.RequiredSTARTTLS))
//
// It knows one account, "user" with the password "secret", and refuses logins without
// TLS, unless the [Config] says otherwise.
//
// An IMAP server has mailboxes in memory, with CONDSTORE, QRESYNC, UIDPLUS, MOVE,
// IDLE, LITERAL+, MULTIAPPEND and COMPRESS=DEFLATE; a POP3 server serves the INBOX of
// the same store; an SMTP server keeps what it takes for [Server.Messages], with
// PIPELINING, CHUNKING, SIZE, 8BITMIME, SMTPUTF8 and DSN. Servers that share a
// [mailstore.Store] are one account: what is sent to one is read from another.
//
// # Failures
//
// A [Rule] makes a server fail at a moment, once or more often: a recipient is refused,
// a quota is exceeded, the connection breaks in the middle of a body. Otherwise the
// server does as the standards say. A rule for a moment that does not exist, such as a
// command that is misspelt or of another protocol, is an error. [Server.UnusedRules]
// returns the rules that never applied.
//
//	busy := dialtest.Rule{At: "RCPT TO:<ann@mail.test>", Reply: "450 4.2.1 busy", Times: 2}
//	if err := srv.Order(busy); err != nil {
//		t.Fatal(err)
//	}
//
// Rule.Choose is for failures for which a pattern and a number are not enough: a function
// that is called with the command, the connection and the message.
//
// A [Network] before a server is slow, or refuses, cuts, stalls or half closes
// connections, as a [Plan] says. A plan has a seed: a test that logs it can repeat a run
// that failed. Network.Order breaks a connection at a moment that the test chooses.
//
// # A man in the middle
//
// A [MITM] is between a client and any server, and makes one [Attack]. Dial it instead of
// the server, and look afterwards whether a password was sent in the clear:
//
//	mitm, err := dialtest.Interpose(srv.Addr(), policy.IMAP, dialtest.Strip)
//	...
//	for _, s := range mitm.Sessions() {
//		if leaks := s.Leaks(password); leaks != nil {
//			t.Errorf("sent in the clear: %q", leaks)
//		}
//	}
//
// Pins, and what a peers.Store has of a server, are for a name and a port. With
// [Server.NetDialer] and [MITM.NetDialer] one name leads first to the server, and then to
// the attacker:
//
//	d := dial.Dialer{NetDialer: srv.NetDialer(), Peers: new(memstore.Store)}
//	... // dial mail.test: the server has TLS, which is remembered
//	d.NetDialer = mitm.NetDialer()
//	... // dial mail.test again
//
// # Hostile servers
//
// [Cases] is a catalogue of what goes wrong between a client and a server:
// STARTTLS is not offered, is refused, or is accepted and no TLS follows; data is
// injected; certificates are bad; a server is silent, hangs up, or never stops
// sending. [TestDial] calls a program's own function to connect and log in, a
// [Connect], for each case under each policy, and reports everything that the program
// does wrong as an error of the test, with a transcript:
//
//	func TestHostileServers(t *testing.T) {
//		dialtest.TestDial(t, connect, dialtest.TryOptions{})
//	}
//
// A program fails if it sends the name or the password of the login in the clear,
// whatever the policy; if it succeeds where it must fail; if it hangs; if it sends more
// than it may before TLS; or if it fails with an honest server. [Kind] lists the kinds
// of findings. [Try] returns the findings, and [Case.Start] plays a single case.
//
// TestDial does not test what comes after the login; errors, which may have any type
// and text; memory, except that some cases make a client without limits hold a few
// megabytes; DNS, proxies and the choice of addresses, since the endpoints are on
// 127.0.0.1; encodings of a password other than base64, such as the digest of CRAM-MD5
// or a quoted string with escapes; and how a server's bytes are split into segments,
// unless a case is about that. If a program makes an exception for the local host, as
// smtp.PlainAuth does, the exception is tested. A test without findings does not prove
// that a program is secure.
//
// All listeners are bound to 127.0.0.1. Servers keep what they receive in memory,
// without limits, so they are only for tests and demonstrations.
//
// # Time
//
// [Server.Pipe] returns connections that work inside a bubble of package
// testing/synctest: certificates of every kind but [CertExpired] and
// [CertNotYetValid] are valid in the year 2000, when its clock begins. A server that is
// made inside a bubble must have Config.NoListener, since a listener stops the bubble's
// clock; one that is made before the bubble may have a listener. Close all connections
// before the bubble ends.
package dialtest
