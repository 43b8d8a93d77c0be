// Package deflate compresses a connection (RFC 4978, RFC 1951).
//
// What is written goes through compress/flate. What is read does not, for two reasons: a
// flate.Reader cannot go on behind an error, and a deadline that interrupts a read is
// one; and it holds back what a server has flushed without an empty stored block behind
// it, as zlib's Z_PARTIAL_FLUSH does, so that client and server would wait for each other.
package deflate
