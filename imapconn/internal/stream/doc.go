// Package stream is what go-imap's client reads from and writes to in place of the
// connection. It measures and mends what the server says, keeps the time of the answers,
// carries the exchanges of this library beside the client's commands, and gives all of
// them the reason of the session's end.
//
// From the bottom up: clock, input, compress and hold keep count; end ends the session; wait and
// fill read from the connection; pass and answers say where a response goes; claim,
// fetch, numbers, status and tagged deal with one kind of response each; receive finds
// the next response. Send, exchange and write are the way to the server, and conn is what the client sees.
package stream
