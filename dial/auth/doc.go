// Package auth holds credentials and brings them across: over connections
// that deserve them, by a mechanism that the server lists there, and no other
// way.
//
// Programs give [Password], [External] or [SASL] credentials to a session's
// Options and meet this package again in [*Error], which tells a wrong
// password from a server that is busy. Those who build sessions of their own
// on a [*dial.Conn] bring a [Carrier] and call [Authenticate].
package auth
