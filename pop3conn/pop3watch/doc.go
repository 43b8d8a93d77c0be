// Package pop3watch gives a program the new messages of a POP3 mailbox, for as long as
// the program runs and from run to run. It deletes the messages that the program has
// from the server at once, after some time, or never.
//
//	err := pop3watch.Run(ctx, pop3watch.Config{
//		Endpoint: endpoint,
//		Options:  &pop3conn.Options{Auth: credentials},
//		Seen:     pop3watch.File("seen"),
//		Handle: func(ctx context.Context, m *pop3watch.Message) error {
//			return store(m.Key, m) // reads m
//		},
//	})
//
// [Run] looks into the mailbox every few minutes; [Once] looks once. Each look is a
// session of its own, under the same policy, since a POP3 server locks the mailbox for a
// session, which sees the messages that were there when it began.
//
// # What is new
//
// A message is new until Handle has returned nil for it and [Config.Seen] has taken
// note of that. Wherever a session or the program is interrupted, no message is lost,
// and nothing is deleted that the program does not have. If the program is killed
// between the two, Handle gets the message again, with the same [Message.Key]: a program
// that stores its messages by their keys has each exactly once.
//
// A message with the identifier of one that the program has is known to be that one, unless
// there is doubt. It is read and compared, and is new if it is another, if
//
//   - its size is listed otherwise than before,
//   - its deletion was not confirmed, or was and it is listed again,
//   - the server's replies were not those to the commands,
//   - its identifier is no more than its number, and it is about to be deleted, or
//   - the notes were made as another user or at another server.
//
// The header fields Status, X-Status, X-Keywords and X-UIDL, in which servers note what was
// read, are not compared. A message that Handle has not read to its end cannot be compared:
// it counts as known if only its size has changed, and as new if it is in doubt for another
// reason. A server that gives all its messages other identifiers has all of them handed over
// again.
//
// # Outages
//
// After an outage Run calls [Config.Down] and tries again, after waits that grow. It ends
// if only a person can help: a broken policy, a certificate or pin that does not match,
// credentials that the server has certainly refused, or none where the server demands a
// login. Credentials that were accepted before in this Run are tried once more, after
// [Config.LongDelay], since servers refuse good ones while they restart.
//
// A message that cannot be read ends nothing: [Config.Refused] is called for it, the next
// look tries it again, and the other messages do not wait for it. A message in which a
// session has ended is read after all others. When that has happened twice, it is left
// alone for a time, which doubles with each further session.
package pop3watch
