// Package wire is what lies between a socket and a mail protocol: bounded
// lines, the check of the first byte under TLS, the watch that ends a call
// with its context, and the guard around a connection that a mail library
// uses.
package wire
