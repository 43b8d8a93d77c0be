// Package deflate compresses a connection (RFC 4978, RFC 1951).
//
// Data to the server goes through compress/flate. Data from the server does not, for two
// reasons. A flate.Reader cannot continue after an error, and a deadline that interrupts a
// read is an error. And it holds back data that a server has flushed without an empty
// stored block after it, as zlib's Z_PARTIAL_FLUSH does, so that client and server would
// wait for each other.
package deflate
