// Package mend writes anew what real IMAP servers write and go-imap's client does not
// read: in the canonical form that package response judges, where the meaning is
// certain.
//
// A response is parsed into a tree without regard to blanks and letters' case, and
// written from it field by field. What the client does not know, and what cannot be
// read, is left out and reported as a [Fault]: an item of a FETCH, a flag, a response
// code, or the response. Nothing is guessed: a reading that merely fits can name a
// sender who did not write. Every result is judged by package response before it is
// used.
package mend
