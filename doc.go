// Package mailconn is the root of a module for mail connections that keep
// their security policy. A program says how a connection to an IMAP, SMTP or
// POP3 server must be protected; it gets a connection that is protected that
// way, or a typed error that says what stopped it. There is no third outcome.
//
// This package has no code. Begin with the one for your protocol:
//
//   - imapconn: an authenticated go-imap client
//   - smtpconn: an authenticated go-smtp client, for submission and relay, that
//     also sends by itself: pipelined, and with a definite outcome;
//     smtpconn/pool does so for many callers
//   - pop3conn: a POP3 client; pop3conn/pop3watch watches a mailbox
//
// and with what they share:
//
//   - policy: the four policies, and the rules a connection can break
//   - dial: endpoints, the dialer, what was achieved, what went wrong
//   - dial/auth: credentials
//   - dial/peers/memstore, dial/peers/filestore, dial/peers/sqlstore: which servers had TLS, so that
//     one which had it is held to it
//   - dial/dialtest: honest mail servers, a man in the middle, and a catalogue of
//     hostile servers, for your tests
//
// # A program
//
//	ep, err := dial.ParseEndpoint("imaps://mail.example.org")
//	if err != nil {
//		log.Fatal(err)
//	}
//	client, err := imapconn.Dial(ctx, ep, &imapconn.Options{
//		Auth: auth.Password{User: "user", Secret: auth.NewSecret(password)},
//	})
//	var failed *dial.Error
//	if errors.As(err, &failed) {
//		log.Fatal(failed, "\n", failed.Hint())
//	}
//	defer client.Close()
//	log.Print(client.Security())
//
// # What is promised
//
//   - No silent downgrade. Under RequiredSTARTTLS and ImplicitTLS nothing but
//     greeting, capability discovery and the upgrade itself crosses the wire
//     before TLS is up and verified. Under OpportunisticSTARTTLS the clear is
//     used only when the server cleanly does not offer STARTTLS; the connection
//     says so, and a hook may veto it.
//   - One connection, one decision. No second dial at a weaker level, no other
//     port, no older version of TLS.
//   - Credentials need evidence: they are written only to a connection with TLS
//     and a verified server, unless the caller used something whose name begins
//     with Insecure.
//   - Done means done. When a dial returns nil the handshake is complete, the
//     certificate verified, the greeting read.
//   - Every wait ends, with the context or the Dialer's Timeout; afterwards
//     neither touches the session.
//   - Nothing from the clear survives the upgrade, bytes least of all.
//   - Every failure is typed, and its text is printable and short whatever the
//     server said. Secrets are in no error and no trace.
//   - A Memory only tightens: no dial succeeds with one that would fail without,
//     and a server that is remembered with TLS is not spoken to without, unless the
//     policy is NoTLS.
//   - What a hostile server can make the client hold is bounded, until the
//     session is handed over.
//
// # What is not promised
//
// OpportunisticSTARTTLS cannot notice an attacker who removes the server's
// offer (RFC 3207 §6) from a server that it meets for the first time, or without
// a memory: it says that the connection is in the clear, and that is all it can.
// A certificate authority that the system trusts is trusted. Who
// talks to whom, when and how much, is visible to the network. After the
// hand-over go-imap and go-smtp read the server's words, with their own limits.
package mailconn
