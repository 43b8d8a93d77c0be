// Package filestore has a [peers.Store] in a file, for the programs of one host.
//
//	store, err := filestore.Open(ctx, "servers")
//	...
//	defer store.Close()
//	dialer := dial.Dialer{Peers: store}
//
// The file is a journal with a JSON object in each line, which people and tools can
// read:
//
//	{"format":"mailconn peers 1","generation":"…","records":"0","sum":"…"}
//	{"peer":"imap mail.example.org:143","policy":"required-starttls","verified":"pkix","tls":"TLS 1.3",…}
//
// Of the lines of a server the last one applies. A line {"forget":…} removes the
// record of a server. When most lines no longer apply, the file is written anew and
// replaced. Each line ends in a checksum, so edits by hand are refused: to change the
// file use a Store, or the program examples/peers.
//
// # Durability
//
// Remember and Forget return nil once the change is synced to disk. If the program is
// killed, the disk is full or the power fails, the file has every change for which
// nil was returned. It may end in the beginning of one more line, which the next
// writer removes. Everything else that cannot be read is a [*CorruptError], which
// names the line: then the file is not changed, and none of it is used, since half of
// the records would not hold the other servers to their TLS. If lines that were added
// since the file was last written anew are missing at its end, a reader cannot detect
// that.
//
// # Several programs
//
// Any number of programs on one host can use a file at once. Writers take a lock
// (flock, LockFileEx) on a file with .lock appended to the name, which is never
// removed. A file with .new appended exists while the file is written anew. Readers
// take no lock: Recall looks whether the file has changed, and reads what was added.
// On a file system that several hosts share none of this is guaranteed; use package
// sqlstore there.
//
// # Cost
//
// All records are held in memory, with about 250 bytes each, and a file of 100,000
// records has 40 MB. It is read whole once; after that Recall reads only what another
// Store has written, and Remember takes as long as the disk needs to sync. Expired
// records are not removed by themselves, since a clock that is ahead would remove all:
// use Each and Forget, or examples/peers.
//
// # Permissions
//
// The file shows with which servers its owner exchanges mail, and a user who can
// write it can remove records. It is created with permissions 0600. A file that
// grants other users access is refused with [ErrExposed], since they may have changed
// it. On Windows the access rules of the directory protect the file.
package filestore
