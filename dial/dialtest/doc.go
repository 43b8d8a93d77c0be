// Package dialtest provides mail servers for tests: honest ones, a man in the
// middle to put in front of them, and several hundred hostile ones, with a call
// that runs a program's own connection code against all of them. The program
// need not use any other package of this module to connect.
//
// Which part to take:
//
//	a program reads mail or sends it         NewServer
//	what it read, and what it sent           Server.Deliver, Expunge, Store; Messages
//	a server refuses, waits or hangs up      Config.Rules, Server.Order
//	has it come to that                      Server.UnusedRules
//	a server lacks an extension              Config.Without
//	the network is slow, or breaks           NewNetwork with a Plan
//	an attacker stands between               Interpose
//	is a password safe, does every wait end  TestDial
//	a program takes names of files           CA.WriteFiles, Config.Unix
//	time has to pass                         Server.PipeDialer in a synctest bubble
//	what a client has said                   Server.Sessions
//
// # Honest servers
//
// A [Server] speaks IMAP, SMTP or POP3 as the standards say, and records what
// its clients send. A [CA] issues its certificate, good or bad in a way.
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
// A [Rule] makes a server fail at one moment, so often: a recipient is refused,
// a quota is exceeded, the connection breaks in the middle of a body. What no
// rule speaks of goes on as the standards say. A rule for a moment that does not exist,
// as for a command that is misspelt or of another protocol, is an error;
// [Server.UnusedRules] tells a test which of its rules never applied.
//
//	busy := dialtest.Rule{At: "RCPT TO:<ann@mail.test>", Reply: "450 4.2.1 busy", Times: 2}
//	if err := srv.Order(busy); err != nil {
//		t.Fatal(err)
//	}
//
// Where it takes more than a pattern and a number to say when, Rule.Choose is a
// function of the command, the connection and the message.
//
// A [Network] before a server is slow, or refuses, cuts, stalls or half closes
// connections, as a [Plan] says. The plan draws from a seed: a test that logs the
// seed of a run that failed can repeat it. Network.Order breaks a connection at a
// moment of the test's own choice.
//
// # A man in the middle
//
// A [MITM] stands between a client and any server and does one thing that a
// client must not fall for. Dial it instead of the server, and ask the recorder
// afterwards whether a password left in the clear:
//
//	mitm, err := dialtest.Interpose(srv.Addr(), policy.IMAP, dialtest.Strip)
//	...
//	for _, s := range mitm.Sessions() {
//		if leaks := s.Leaks(password); leaks != nil {
//			t.Errorf("sent in the clear: %q", leaks)
//		}
//	}
//
// What a program remembers of a server, as a [peers.Store] and pins do, goes by
// name and port. [Server.NetDialer] and [MITM.NetDialer] let one name lead here
// today and there tomorrow:
//
//	d := dial.Dialer{NetDialer: srv.NetDialer(), ...}
//	... // d dials mail.test, and learns
//	d.NetDialer = mitm.NetDialer()
//	... // and is held to it
//
// # Hostile servers
//
// [Cases] is a catalogue of what goes wrong between a client and a server:
// STARTTLS is not offered, is refused, is accepted without meaning it; data is
// injected; certificates are bad; a server is silent, hangs up, or never stops
// talking. [TestDial] has a program's own function to connect and log in, a
// [Connect], meet each case under each policy, and makes everything that is
// wrong an error of the test, with a transcript:
//
//	func TestHostileServers(t *testing.T) {
//		dialtest.TestDial(t, connect, dialtest.TryOptions{})
//	}
//
// A program fails if it sends the name or the password of [Connect]'s login in
// the clear, under whatever policy; if it takes for a success what must fail;
// if it hangs, says more than it may before TLS, or does not get along with an
// honest server. The kinds of finding are those of [Kind]. [Try] returns
// the findings, and [Case.Start] plays a single case.
//
// What the kit does not test: anything behind the login; errors, which may be
// of any type and say anything; memory, but for cases that would make a client
// without limits hold on to a few megabytes; DNS, proxies and the choice of
// addresses, as the endpoints are on 127.0.0.1 already; encodings of a password
// other than base64, such as CRAM-MD5's digest or a quoted string with
// escapes; how a server's bytes are cut into segments, beyond what a case is
// about. A program that makes an exception for the local host, as
// smtp.PlainAuth does, shows what it does there. A kit that finds nothing has
// not proved that there is nothing.
//
// Nothing here leaves the host: all listeners are bound to 127.0.0.1. Servers
// hold what they are sent in memory and set no limits, so they are for tests
// and demonstrations alone.
//
// # Time
//
// [Server.Pipe] gives connections that work inside a bubble of package
// testing/synctest: certificates of every kind but [CertExpired] and
// [CertNotYetValid] are valid in the year 2000, when its clock begins. Inside a
// bubble make a server with Config.NoListener, or before it begins any: a listener
// keeps the bubble's clock from moving. Close connections before it ends.
package dialtest
