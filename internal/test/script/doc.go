// Package script plays mail servers that are written down as data: honest
// ones, broken ones, and attackers between the two.
//
// A script is a text file:
//
//	# What the attacker tries, and what must happen.
//	protocol: imap
//	expect required-starttls: injected starttls
//
//	S: * OK ready
//	C: STARTTLS
//	S: <tag> OK begin TLS
//	S: * CAPABILITY IMAP4rev1 AUTH=PLAIN
//
// The comment is the case's description. Headers follow, then what the server
// does: S lines before the first C line are its greeting; those after a C
// line are its answer whenever the client sends that command (without its tag,
// in any case, "*" at the end for anything, "\*" for a star). A command without an answer in
// the script is one that the client should not have sent, and is recorded.
//
//	S: text      text and CRLF; consecutive lines go out in one segment
//	S- text      text without CRLF
//	S" text      a Go string literal's inside: \x00, \n and the like
//	S* n text    text and CRLF, n times
//	S~ n text    text without CRLF, n times
//	CUT          what follows goes out in a segment of its own
//	TLS kind     a TLS handshake, of a kind that TLSConfig knows
//	FIN, RST     close the connection, reset it
//	HANG         say nothing more, read everything
//	DEFLATE      both sides compress what they say from here on
//	DRIP         say the rest of the answer one byte every ten seconds
//
// A line "--- tls" begins the part that is played inside TLS, in place of an
// honest server's.
//
// Headers: protocol (imap, pop3, submission, smtp); "expect POLICY" with the
// outcome of a dial; "session POLICY" with that of a session that logs in,
// where it does not follow; tls, the kind of implicit TLS; implicit, "clear" for a port that should speak TLS and does not; vary, words
// that replace <v> one after the other, each making a case of its own;
// segments, "joined" where the point is that lines come together; pending, why a
// case cannot be played yet; elsewhere, the directory and name of a test that
// shows what no script can.
package script
