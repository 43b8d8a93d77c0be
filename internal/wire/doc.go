// Package wire is the layer between a socket and a mail protocol. It reads lines
// within limits, checks the first byte under TLS, ends a call when its context ends,
// and guards the connection that a mail library uses.
package wire
