// Package behind has no code of its own: its tests play what servers say behind the
// hand-over of a connection to a session. Each file below testdata is a case. Those in
// odd are what real IMAP servers write, and say what go-imap's client makes of it bare and
// behind the reader of imapconn; those in hostile are attacks on it, and those in smtp and
// pop3 attacks on the other sessions.
//
// A file begins with a comment that says what it is about, and headers:
//
//	caps: word...    what the server lists after the login, besides IMAP4rev1
//	do: command      what the program does; several are done one after the other
//	want: line       what it gets, in order: see results_test.go
//	bare: line       what it gets of the bare client, if that is something else. "dies"
//	                 stands for an error that ends the session, "hangs" for none, and
//	                 "crash" for what cannot be tried: it ends the process, or spins
//	notice: line     what Options.Notice gets, in order
//	end: word        how the session ends, if it does: a word of end in results_test.go
//	heap: n          how many MiB it takes at most, where the program collects a large list
//	segments: joined the case is played only in the segments that it has itself
//
// Then come the server's answers, each after the command that it answers, without its
// tag; "*" at the end stands for anything:
//
//	C: SELECT *
//	S: * 3 EXISTS
//	S: <t> OK done
//
// S: is a line; S" the inside of a Go string literal without a line's end; S* n a line n
// times; S~ n a text without a line's end n times; FLOOD a line without end, FLOOD~ a
// text; CUT begins another segment; WAIT a pause; FIN closes the connection, and END
// sends a close_notify before that; HANG says nothing more. {{n}} in a text stands for
// the number n of a repetition, and {{-n}} for how many are still to come.
package behind
