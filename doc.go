// Package mailconn is the root of a module for connections to mail servers that are
// protected as a policy demands. A program says how a connection to an IMAP, SMTP or
// POP3 server must be protected. It gets a connection that is protected in that way and
// logged in, or a typed error that says what failed.
//
// This package has no code. Read the others in this order:
//
//   - policy: the four policies, and the rules that a connection can break
//   - dial: endpoints, the dialer, how a connection is protected, errors and hints
//   - dial/auth: credentials
//
// and then the one for your session:
//
//   - imapconn: a go-imap client; imapconn/imapwatch tells a program what comes into its
//     mailboxes
//   - smtpconn: a go-smtp client, for submission and relay, which also sends messages
//     with an outcome for each; smtpconn/pool sends over several connections,
//     smtpconn/outbox keeps messages on disk until their outcome is known, and
//     smtpconn/mx delivers to the mail servers of other domains
//   - pop3conn: a POP3 client; pop3conn/pop3watch tells a program which messages are new
//
// Others, where they are needed:
//
//   - dial/discover: the servers of a mail address
//   - dial/auth/oauth, a module of its own: tokens, by a browser or on another device
//   - dial/dns: one question to a resolver
//   - dial/legacy: old settings such as "ssl: true"
//   - dial/trust: how a server was verified
//   - dial/peers: which servers had TLS, in memory, in a file or in a database
//   - dial/dialtest: honest and hostile mail servers, for your tests
//
// # A program
//
//	server := dial.MustParseEndpoint("imaps://mail.example.org")
//	client, err := imapconn.Dial(ctx, server, &imapconn.Options{
//		Auth: auth.Password{User: "ann", Secret: auth.NewSecret(password)},
//	})
//	var failed *dial.Error
//	if errors.As(err, &failed) {
//		log.Fatal(failed, "\n", failed.Hint())
//	}
//	defer client.Close()
//	log.Print(client.Security())
//
// Programs for each kind of user are in the directory examples: mailclient, service,
// tool, networks, compose, moving for the way from other libraries, and ported for three
// programs before and after.
//
// # What is promised
//
//   - No silent downgrade. Under RequiredSTARTTLS and ImplicitTLS nothing but the
//     greeting, capability discovery and the upgrade itself is sent before TLS is
//     complete and the server is verified. Under OpportunisticSTARTTLS a connection is
//     in the clear only if a well-formed answer of the server does not offer STARTTLS.
//     Then the connection says so, and a hook may veto it.
//   - One connection, one decision. No call tries again with a weaker policy, another
//     port or an older version of TLS.
//   - Credentials need evidence. They are sent only over TLS to a verified or pinned
//     server, unless a field whose name begins with Insecure permits more.
//   - Done means done. When a dial returns nil, the handshake is complete, the
//     certificate is verified, and the greeting is read.
//   - Every wait ends, with the context or with the Dialer's Timeout. Afterwards neither
//     affects the session.
//   - Nothing from before TLS is used after it: no capability, no greeting, no buffered
//     byte.
//   - Every failure is typed. Its text is printable and at most 512 bytes long, whatever
//     the server sent. No secret is in an error, a trace or a transcript.
//   - A store of peers only makes a dial stricter: with one no dial succeeds that would
//     fail without it. A server with a record is not used without TLS, unless the policy
//     is NoTLS.
//   - What a hostile server can make the client hold, and the work that it can cause, is
//     limited for as long as a session lasts. A message that cannot be read costs that
//     message, and not the session.
//   - What Send reports of a message is what is known of it: accepted, refused, not sent,
//     or in doubt.
//   - What discovery returns names who vouches for it, and is never in the clear.
//
// # What is not promised
//
// OpportunisticSTARTTLS cannot detect an attacker who removes the server's offer
// (RFC 3207 §6), if the Dialer has no record of the server. It reports that the
// connection is in the clear.
//
// A certificate authority that the system trusts is trusted. The network sees to which
// server a program connects, when, and how much is sent.
package mailconn
