// Package filestore is a [peers.Store] in a file, for the programs of one host.
//
// The file is a journal of JSON, one record a line, that people and their tools
// can read:
//
//	{"format":"mailconn peers 1","generation":"…","records":"0","sum":"…"}
//	{"peer":"imap mail.example.org:143","policy":"required-starttls","verified":"pkix","tls":"TLS 1.3",…}
//
// Of the lines of one server the last one counts; {"forget":…} takes it away.
// When lines that no longer count are the majority, the file is written anew and
// takes the old one's place. Whoever wants to change it uses a Store, or
// examples/peers: each line ends in a checksum, so edits by hand are refused.
//
// # What is kept
//
// Remember and Forget return nil once the disk has the change. A program that is
// killed, a full disk or a power failure leaves a file with all that was
// acknowledged. What may be left behind it is the beginning of a line that was
// not; the next writer cuts it off. Everything else that cannot be read is a
// [*CorruptError], which names the line: the file is left as it is and nothing
// is learned from it, for half a memory would let servers go. That the end of a
// file is missing, by lines that were added since it was last written anew, is
// beyond what a reader can see.
//
// # Several programs
//
// Any number of programs on one host can use a file at once. Writers take turns
// by a lock (flock, LockFileEx) on a file beside it with .lock appended, which
// is never removed; a third name, with .new appended, is where it is written
// anew. Readers take no lock: each Recall looks whether the file has changed,
// and reads what was added. On a file system shared between hosts there is no
// such promise; package sqlstore is for that.
//
// # What it costs
//
// All records are held in memory, some 250 bytes each: 100,000 of them are read
// in a fifth of a second from 40 MB of disk. Then Recall takes two microseconds,
// and thirty if others have written. Remember takes as long as the disk does to
// sync. Nothing is dropped by itself, expired or not, since a clock that is ahead
// would drop it all: use Each and Forget, or examples/peers.
//
// # Who may read it
//
// The file tells with whom its owner exchanges mail, and somebody who can write
// it can make its owner forget. It is created with permissions 0600; a file that
// grants more is refused with [ErrExposed], since what it says may be another's
// words. On Windows the directory's access rules are what protects it.
package filestore
