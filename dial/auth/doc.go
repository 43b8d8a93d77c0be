// Package auth holds credentials and logs in with them: only over connections
// that are protected as the credentials demand, and only by a mechanism that the
// server lists there.
//
//	client, err := imapconn.Dial(ctx, endpoint, &imapconn.Options{
//		Auth: auth.Password{User: "ann", Secret: auth.NewSecret(password)},
//	})
//
// Programs give [Password], [Token], [External], [Anonymous] or [SASL]
// credentials to a session's Options and meet this package again in [*Error],
// which tells a wrong password from a server that is busy. Programs with a session
// of their own on a [*dial.Conn] implement [Transport] and call [Authenticate].
//
// # Protection
//
// Credentials are sent only over TLS, to a server that was verified or pinned.
// Two dangers have two names: InsecureCleartext on a [Password] or [SASL] lets it
// cross a connection without TLS, and InsecureUnverified on these or a [Token] lets
// it go to a server that was not verified. Neither implies the other. A Token
// never goes without TLS.
//
// # Mechanisms
//
// The table says what each mechanism protects against, besides what TLS does.
// "Server" is a server, or an attacker with a certificate that is trusted here,
// that wants the secret; "database" is a copy of what the server stores; "middle"
// is an attacker in the middle with a trusted certificate who passes the login on;
// "proof" is whether the server shows that it knows the password.
//
//	mechanism            server  database  middle  proof  used
//	SCRAM-SHA-256-PLUS   yes     yes       yes     yes    1st
//	SCRAM-SHA-1-PLUS     yes     yes       yes     yes    2nd, if named
//	SCRAM-SHA-256        yes     yes       list    yes    3rd
//	SCRAM-SHA-1          yes     yes       list    yes    4th, if named
//	CRAM-MD5             weakly  no        no      no     5th, if named
//	APOP                 weakly  no        no      no     6th, if named
//	PLAIN                no      yes       no      no     7th
//	LOGIN                no      yes       no      no     8th
//	IMAP LOGIN           no      yes       no      no     last
//	USER/PASS            no      yes       no      no     last
//	OAUTHBEARER          no      -         no      no     1st for a Token
//	XOAUTH2              no      -         no      no     2nd for a Token
//	EXTERNAL             yes     yes       yes     no     for External
//	ANONYMOUS            -       -         -       no     for Anonymous
//
// "List" means that the server learns if an attacker took the -PLUS mechanisms
// from its list, provided that it does check. A token that leaks is good until
// it expires, and only for its scope. "If named" means named in
// Password.Mechanisms.
//
// The first in the column "used" that the server lists is used. The list is the
// one read at the connection's own level: what a server said before STARTTLS
// counts for nothing. The next is tried only if the server refused a mechanism as
// such, or before it was sent anything secret, and at most three are. After a refusal
// of SCRAM that may mean that an attacker edits the list, none is. After a NO to PLAIN
// without a code the command IMAP LOGIN is tried: it shows no more than PLAIN did.
//
// # Verdicts
//
// The kind of an [Error] is what the server's final answer tells, by its code or by
// words that servers are known to use, else the likeliest, with Guessed set.
//
// # Channel binding
//
// A -PLUS mechanism signs what only the two ends of one TLS connection know:
// tls-exporter in TLS 1.3 (RFC 9266), tls-unique in TLS 1.2 with the extended
// master secret, else tls-server-end-point (RFC 5929). A server that lists one
// and refuses it may be broken (Cyrus 3.6 refuses every binding in TLS 1.3), or
// may not be the server. SCRAM is then tried once more without binding, unless the
// Password forbids what shows the password, or sets RequireBinding, or its
// OnUnbound objects; dial.Security tells of it. After a refusal that names a wrong
// binding, or the credentials, SCRAM is not tried again.
//
// # Work
//
// A server chooses how much work SCRAM is: from 4,096 iterations to a million, which take
// a CPU a fraction of a second. More or less is refused before any is done.
package auth
