// Package outbox accepts messages for delivery and keeps them on disk until their
// outcome is known.
//
//	o, err := outbox.Open(ctx, dir, outbox.Config{
//		Relays: []outbox.Relay{relay}, // each a *pool.Pool
//		Result: func(ctx context.Context, r outbox.Result) error { ... },
//		Doubt:  func(ctx context.Context, r outbox.Result) { ... },
//	})
//	...
//	defer o.Close(ctx)
//	err = o.Put(ctx, "order 17", envelope, strings.NewReader(message))
//
// Once [Outbox.Put] has returned nil, the message and its id are on disk, and survive a
// crash of the program or of the machine. The message is delivered in the background, also
// by the next program that opens the directory. A second Put of the same message with the
// same id does nothing, so a program that does not know whether an earlier Put has
// succeeded calls Put again. It must give the same bytes: let a Date and a Message-ID be
// made of what the program has stored, and not anew.
//
// # Nothing lost, nothing twice
//
// Before the end of a message is given to a relay, a mark is written to the journal and
// synced (smtpconn.Envelope.BeforeEnd). So after a crash at any moment, each recipient
// is in one of these states:
//
//   - waiting: no relay can have the message for the recipient. It is sent again.
//   - accepted or refused: the relay's reply is in the journal.
//   - in doubt: the end of the message may have reached a relay, and there is no reply.
//
// Whether a relay has a message that is in doubt cannot be known. It is not sent again
// by itself, does not expire, and is held until the program calls [Outbox.Resend] or
// [Outbox.GiveUp]. Config.Doubt is called for it, and [Outbox.Doubtful] lists it.
// With Config.ResendInDoubt it is sent again to the same relay, as RFC 5321 §4.5.4.1
// has it, and may arrive twice; the result says so (Result.MaybeTwice).
//
// Config.Result is called with the end of each recipient: accepted, refused, expired,
// given up, or damaged on this disk. It is called again, also after a crash, until it
// returns nil. A program that is killed after the handler has done its work, and before
// that is in the journal, is told again: let the handler do nothing the second time.
//
// # Relays
//
// The relays are tried in the order of the configuration. The next one is asked only
// for what was not sent: the relay before it is down, has ended the connection before
// the end of the message, or does not offer what the message asks for. A refusal,
// permanent or temporary, and an outcome in doubt are not taken to another relay in the
// same attempt. What a relay has refused temporarily is tried again later, and may then go
// to another relay if the first is down. A message that a relay can never take, as for its
// size, is refused only if that is so of all: it waits for one that is down. The order of
// the relays must be the same in every run, since the journal has their numbers.
//
// A relay that is down, as a [*pool.DownError] says, is not asked before the time in
// it. If only a person can help, as with a password or a certificate, the messages for it
// do not expire; [Stats] shows the error.
//
// Every attempt is smtpconn.Envelope.Partial, so each recipient has an end of its own,
// and those that have one are not in the next attempt. If they are more than a relay takes
// at once (RFC 5321 §4.5.3.1.10, RFC 9422), as many are sent to at a time as it takes, one
// transaction after the other. The Sender of package mx gets those of one domain at a time.
// An address that is twice in an envelope is sent to once.
//
// An outbox tries again itself, so give a pool MaxAttempts 1, and not WaitWhileDown, with
// which its Send would wait for a relay that is down while no other is asked. A pool with
// RetryInDoubt is refused.
//
// # Files
//
// The directory belongs to one Outbox at a time. It has these files:
//
//	lock       is locked (flock, LockFileEx) while the outbox is open
//	journal    what is known of each message, a JSON object in each line
//	content/   a file for each message, with the bytes that were given to Put
//	damaged/   what was found damaged and set aside
//
// A journal can be read with a pager:
//
//	{"n":1,"format":"mailconn outbox 1","sum":"…"}
//	{"n":2,"msg":"K3J5…","do":"put","id":"order 17","time":"…","envelope":{"from":"…","to":["ann@example.org"]},"size":412,"sha256":"…","sum":"…"}
//	{"n":3,"msg":"K3J5…","do":"mark","to":[0],"sum":"…"}
//	{"n":4,"msg":"K3J5…","do":"state","recipients":[{"to":0,"state":"accepted","attempts":1,"reply":"2.0.0 queued as 4Xy"}],"sum":"…"}
//	{"n":5,"msg":"K3J5…","do":"told","time":"…","to":[0],"sum":"…"}
//
// "n" is the number of the line, "msg" is the name of the content's file, and numbers in
// "to" are recipients by their index. A "state" line ends the attempt of the "mark" before it. A message whose
// recipients were all told is over. "kept" lines have the ids of messages that are
// over, and a "forget" line removes a message that was cancelled. Each line ends in a
// checksum, and the content has its SHA-256 in the line "put", so what has changed on
// disk is noticed and never sent. A journal of another format is refused. When most
// lines no longer matter the journal is written anew and replaced.
//
// A line that is damaged or missing concerns the message that it names; if it does not
// name one, it concerns all that are waiting at that line. Since the line may have been
// a mark, recipients that are waiting are then in doubt. If the line put the message there,
// the message cannot be sent, and its content is moved to damaged/. [Outbox.Damaged]
// lists what was found at opening; other messages are not concerned. The beginning of a
// line at the end of the journal is left by a program that was killed while it wrote, and
// is removed. Whole lines that are missing at the end cannot be noticed.
//
// The files hold addresses and contents, but no passwords. Directory and files are
// created with permissions 0700 and 0600, and are refused with [ErrExposed] if other
// users have access, if another user owns them, or if one is a symbolic link. On
// Windows the access rules of the directory protect them.
//
// # What is not guaranteed
//
// Ids are known within one directory. Two programs with a directory each, as
// instances of a service have them, may send the same id once each. An instance whose
// disk goes away with it, as in most containers, loses what waits there and all ids:
// give it a volume that its successor mounts, or take messages from a queue that keeps
// them until Config.Result was called.
//
// A disk that says that data was synced, and loses it, loses messages. A result is
// synced with the next mark, or within a tenth of a second: if the machine crashes before
// that, an accepted message is in doubt. Config.Result is called only when the result is
// synced; that it has returned nil is written at once, and synced with what is written
// next. On a file system that several hosts share nothing of this is guaranteed.
//
// # Limits
//
// About one kilobyte is held in memory for each message, whatever its size, and about
// 200 bytes for each id that is kept. Config.MaxMessages bounds the messages. A message
// has at most 1000 recipients, and an id at most 255 bytes.
//
// Put waits for three syncs of the disk, and sending a message for one. Those of the
// journal are shared by what happens at the same time.
//
// When the disk is full, Put fails with [ErrFull] and nothing is left of the message.
// The outbox goes on with what it has when there is space: it does not send the end of a
// message whose mark it could not write.
package outbox
