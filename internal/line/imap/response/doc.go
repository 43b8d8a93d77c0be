// Package response reads what an IMAP server says in a session, response by
// response (RFC 9051 §7): where a response ends, what kind it is, and whether
// go-imap's client reads it as it stands, without failing, spinning or taking more
// than linear time.
//
// A [Frame] finds the end of a response, a [Head] says what it is, and a [Scanner]
// judges it in one pass and without an allocation. The grammar of the Scanner is the
// part of RFC 9051's, and of its extensions', that the client reads and that every
// server can write; what else servers write has to be written anew before the client
// may see it, which is what package mend does.
//
// Everything is measured before it is held: see [Limits].
package response
