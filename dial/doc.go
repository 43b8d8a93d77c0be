// Package dial makes mail connections that keep their policy.
//
// An [Endpoint] says which server and how it must be protected, a [Dialer]
// makes the connection, and the result is either a [*Conn] that is protected
// that way or an [*Error] that says what stopped it. There is no third
// outcome.
//
//	ep, err := dial.ParseEndpoint("imaps://mail.example.org")
//	...
//	conn, err := new(dial.Dialer).Dial(ctx, ep)
//
// Most programs do not call Dial themselves but one of the packages imapconn,
// smtpconn and pop3conn, which go on from the connection to an authenticated
// session. Others can build sessions for it too: a [*Conn] is a net.Conn that
// stands right where the session begins, knows what was learned on the way,
// and runs the session's own first steps under the same rules ([Conn.Setup]).
//
// # Telling failures apart
//
// [Error.Phase] says where the connection stopped. What stopped it is in the
// chain: errors.Is with the reasons of package policy finds a broken rule,
// errors.As a [*tls.CertificateVerificationError] or the network's own error.
// [Error.Hint] says the same to a person; the section Troubleshooting has the list.
//
// # Which port
//
// A Dialer tries what it is told, and nothing else. A program that only knows a
// host tries ImplicitTLS, and RequiredSTARTTLS if nothing listens there (phase
// connect) or what listens has no TLS (policy.ErrNotTLS): either way ends in
// verified TLS or in an error. It keeps the endpoint that worked, since memories
// and pins go by port. It does not try NoTLS or OpportunisticSTARTTLS for itself.
//
// # Peers and pins
//
// With a [peers.Store] a Dialer holds servers to what they once had. Under
// OpportunisticSTARTTLS that closes most of what the policy leaves open: once a
// server has been reached with TLS, its offer cannot be taken away unnoticed any
// more (RFC 3207 §6). Package memstore remembers as long as the program runs,
// filestore in a file, sqlstore in a database that many machines share.
//
//	d := dial.Dialer{Peers: store}
//
// A [Pin] lets a program trust the key of one server whose certificate does not
// verify, after a person has looked at it: [Dialer.Inspect] fetches it.
//
// # Troubleshooting
//
// What errors.Is or errors.As finds in the chain, what it means, and what to do:
//
//   - policy.ErrUnset (phase config): nobody said how to protect the connection.
//     Choose implicit-tls, or required-starttls for a server without a TLS port.
//   - policy.ErrNotOffered: under required-starttls, the server has no STARTTLS,
//     or somebody hides it. Try implicit TLS; if the server had STARTTLS before, do
//     not trust the network. In Security().Downgrade it says why an
//     opportunistic connection is in the clear.
//   - policy.ErrRemembered: the same, and it is known that the server had TLS. If
//     whoever runs the server says that it has given it up, forget the server in the
//     store.
//   - policy.ErrMemory: an opportunistic connection would be in the clear, and the
//     store cannot be read. The cause is in the chain: repair the store.
//   - policy.ErrVersionLowered, policy.ErrAuthLowered: the server is weaker than it
//     was, and [peers.Rules] forbids that. Ask whoever runs the server.
//   - policy.ErrRefused: the server turned the client away in its greeting, or will
//     not do the STARTTLS that it lists. Violation.Reply has its words; if
//     Temporary reports true, try later.
//   - policy.ErrNotTLS: a TLS port that speaks in the clear. The policy and the port
//     do not fit: the hint names the URL that does.
//   - policy.ErrMalformed (phase greeting): often another protocol, or TLS, on the
//     port. In other phases: a broken server, or somebody in between.
//   - policy.ErrInjected, policy.ErrPreauth: bytes that an honest server never
//     sends. Do not trust the network.
//   - policy.ErrLimit: an answer without an end. No mail server does that.
//   - policy.ErrCleartextAuth, policy.ErrUnverifiedAuth: credentials were given to a
//     connection that must not carry them. Change the policy, or let the TLSConfig
//     verify; the options named Insecure are for test beds.
//   - policy.ErrPinMismatch: the server's key is not the pinned one. Ask whoever
//     runs the server, not over this connection.
//   - policy.ErrVetoed: the program's own OnDowngrade said no.
//   - *tls.CertificateVerificationError: the certificate is expired, for another
//     name, or of an unknown authority. The server has to be put right; for a
//     private CA put its certificate into TLSConfig.RootCAs.
//   - *auth.Error (phase auth): Kind says whether the password is wrong, the account
//     busy, or no mechanism fits.
//   - context.DeadlineExceeded, Timeout reports true: the phase says what did not
//     answer. In phase connect a firewall; in phase greeting perhaps a port for
//     implicit TLS.
//   - io.EOF or a reset in phase handshake: often a server with nothing newer than
//     TLS 1.1.
//   - "remote error: tls: no application protocol": a TLS server for another
//     protocol. The port and the protocol do not fit.
//   - Error.Known is set: the server had TLS before, whatever it does now.
//   - *net.OpError, *net.DNSError in phase connect: host, port, network.
package dial
