// Package dial makes connections to mail servers that are protected as a policy
// demands.
//
// An [Endpoint] has the server and the policy, and a [Dialer] makes the connection. The
// result is either a [*Conn] that is protected as the policy demands, or an [*Error]
// that says what failed.
//
//	ep, err := dial.ParseEndpoint("imaps://mail.example.org")
//	...
//	conn, err := new(dial.Dialer).Dial(ctx, ep)
//
// Most programs use one of the packages imapconn, smtpconn and pop3conn, which call the
// Dialer and continue to an authenticated session. Credentials are in package auth, below
// this one. A session for another client can be built in the same way: a [*Conn] is a
// net.Conn at the beginning of the session. It has what the server said before, and runs
// the first commands of the session under the same rules ([Conn.Setup]).
//
// # Errors
//
// [Error.Phase] says in which phase the connection failed. The cause is in the chain:
// errors.Is finds a broken rule by the reasons of package policy, and errors.As a
// [*tls.CertificateVerificationError] or an error of the network. [Error.Hint] returns
// an explanation for a person. The section Troubleshooting lists the causes.
//
// # Which port
//
// A Dialer tries one endpoint, and no other. A program that only knows a host can dial
// it with ImplicitTLS, and then with RequiredSTARTTLS if nothing listens on that port
// (phase connect) or the server there has no TLS (policy.ErrNotTLS). The result is
// verified TLS or an error. The program should store the endpoint that worked, since
// peers and pins are distinguished by port. It should not try NoTLS or
// OpportunisticSTARTTLS by itself. Package discover finds the endpoints of a mail
// address.
//
// # Peers and pins
//
// With a [peers.Store] a Dialer remembers how servers were protected. Under
// OpportunisticSTARTTLS it then detects that an attacker removes the offer of a server
// that it has reached with TLS before (RFC 3207 §6). The stores are in the
// packages memstore (in memory), filestore (in a file) and sqlstore (in a database that
// many machines share).
//
//	d := dial.Dialer{Peers: store}
//
// A [Pin] makes a Dialer trust the key of one server whose certificate does not verify,
// after a person has checked it. [Dialer.Inspect] fetches the key.
//
// # Troubleshooting
//
// These are the causes that errors.Is or errors.As finds in the chain of an error, with
// what they mean and what to do:
//
//   - policy.ErrUnset: the policy was not set, which is found before any I/O.
//     Choose implicit-tls, or required-starttls for a server without a TLS port.
//   - policy.ErrNotOffered: TLS was demanded, and the server neither lists the
//     upgrade nor does it; as the reason of a visible downgrade it says why an
//     opportunistic connection stayed in the clear. Try implicit TLS. If the server
//     had STARTTLS before, an attacker may be hiding it: do not trust the network.
//   - policy.ErrRefused: the server turned the client away in its greeting, or
//     would not do the upgrade that it lists. Violation.Reply has the server's
//     words. If Temporary reports true, try later.
//   - policy.ErrPreauth: an IMAP server greeted with PREAUTH where the client must
//     upgrade or log in first (RFC 9051 §7.1.4). Do not trust the network: no
//     honest server keeps a client from TLS that way.
//   - policy.ErrInjected: bytes arrived where an honest server sends none: after
//     the line that begins the upgrade, or before the command that they answer. Do
//     not trust the network.
//   - policy.ErrNotTLS: the server spoke in the clear where TLS must begin with the
//     first byte. The policy and the port do not fit: the hint names the URL that
//     does.
//   - policy.ErrCleartextAuth: credentials would have crossed a connection without
//     TLS. Choose a policy with TLS. Options named Insecure are for test beds.
//   - policy.ErrUnverifiedAuth: credentials would have gone to a server whose
//     certificate was not verified. Let the TLSConfig verify. Options named
//     Insecure are for test beds.
//   - policy.ErrMalformed: an answer is not of the protocol. In phase greeting it
//     is often another protocol, or TLS, on the port. In other phases the server is
//     broken, or an attacker is in between.
//   - policy.ErrLimit: an answer is longer than any honest server sends. Do not
//     trust the server, or the network.
//   - policy.ErrVetoed: the caller's OnDowngrade refused a connection in the clear.
//     The error of OnDowngrade is in the chain.
//   - policy.ErrRemembered: under OpportunisticSTARTTLS, a server that is
//     remembered with TLS offers none now (RFC 3207 §6). If the operator of the
//     server says that it has given TLS up, forget the server in the store.
//     Otherwise do not trust the network.
//   - policy.ErrMemory: under OpportunisticSTARTTLS, a server offers no TLS, and
//     the Dialer's Peers could not tell whether it had TLS before. The cause is in
//     the chain: repair the store.
//   - policy.ErrVersionLowered: the TLS version is below the highest that the
//     server is remembered with. The Dialer's PeerRules forbid that. Ask the
//     operator of the server.
//   - policy.ErrAuthLowered: the server is remembered with a mechanism that keeps
//     the password from it, and only takes the password itself now. The Dialer's
//     PeerRules forbid that. Ask the operator of the server.
//   - policy.ErrPinMismatch: the server's key is not one that was pinned for the
//     endpoint, and its certificate does not verify, or may not replace the pin.
//     Ask the operator of the server, and not over this connection.
//   - Error.Phase is PhaseConfig: an argument or an option is wrong, which is found
//     before any I/O. The error says which: correct it.
//   - context.Canceled, net.ErrClosed: this program gave the connection up: it
//     cancelled the context, or closed the connection. Nothing is wrong with the
//     server, and nothing is known of it.
//   - *tls.CertificateVerificationError: the certificate is expired, for another
//     name, of an unknown authority, or otherwise unfit. The server has to be put
//     right. For a private CA put its certificate into TLSConfig.RootCAs.
//   - "remote error: tls: …": the server ended the handshake with an alert. It
//     may want a client certificate, or know only TLS older than 1.2. For "no
//     application protocol" the port and the protocol do not fit, or Dialer.NoALPN
//     is the way out.
//   - *net.OpError, *net.DNSError: the network, or the Dialer's NetDialer, did not
//     make the connection. Check host, port and network, and the proxy if the
//     NetDialer leads through one.
//   - context.DeadlineExceeded: the time ran out, and Timeout reports true. The
//     phase says what did not answer: in phase connect a firewall, in phase
//     greeting perhaps a port for implicit TLS.
//   - *dial.Farewell: the server left, with the words in Reply or without any. Try
//     again later. In phase handshake it is often a server with nothing newer than
//     TLS 1.1.
//   - smtpconn.ErrPipelining, pop3conn.ErrPipelining: the session ended while
//     commands were sent ahead of their replies. If that lasts, set
//     Options.NoPipelining.
//   - *auth.Error: the login failed. Kind says whether the password is wrong, the
//     account busy, or no mechanism fits, and Guessed whether that is a guess.
//   - Error.Known: if it is set, the server had TLS before, whatever it does now. A
//     server that is worse than it was may be an attacker.
package dial
