// Package imapwatch tells a program which messages of its mailboxes are new, changed and
// gone, for as long as the program runs and from run to run.
//
//	err := imapwatch.Run(ctx, imapwatch.Config{
//		Endpoint:     endpoint,
//		Options:      &imapconn.Options{Auth: credentials},
//		Positions:    imapwatch.File("positions"),
//		SkipExisting: true,
//		Handle: imapwatch.EachMessage(nil, func(ctx context.Context, m *imapwatch.Message) error {
//			return store(m.Mailbox, m.UID, m) // reads m
//		}),
//	})
//
// [Run] keeps a session up, under the same policy; [Once] looks once. The server tells of
// changes at once where it has IDLE (RFC 2177), and is asked every few minutes where it has
// not. One connection serves several mailboxes: the first that can be selected is watched
// by IDLE, and the others are asked for by STATUS every Poll, or at once when the server has
// told of them by NOTIFY (RFC 5465).
//
// # What is told
//
// A [Change] has the UIDs of messages that are new, changed and gone. It is the difference
// between what is in the mailbox and a [Position], which is the set of messages that the
// program has. So it does not matter what happened in between, and what the server said of
// it: outages, restarts of the program, announcements that were lost, UIDs that come late.
// A message is new until [Config.Handle] has returned nil for it while the session stood, or
// has called [Change.Handled], and [Config.Positions] has taken note of that. The changes of a
// mailbox are told in their order, and at least once: one that was handled, and not noted when
// the session ended or the program was killed, is told again. A program that stores
// [Change.After] together with its data, and then calls Handled, has each message exactly once.
//
// What the server does not list is gone only if the server does not count it either, or does
// not give it. A message that it refuses stays new: see [EachMessage] and [Position.Without].
//
// Two things the server may not know. Where it has no CONDSTORE (RFC 7162), flags may have
// changed while the mailbox was not selected: then the first Change after that has all
// messages in Changed, as each may have. And when a mailbox has got a new UIDVALIDITY, every
// UID means another message, or none: see [Config.Reset].
//
// Every mailbox is selected anew and looked at as a whole when a session begins and once
// in [Config.Recheck], for servers that do not announce everything.
//
// # Outages
//
// After an outage Run calls [Config.Down] and tries again, after waits that grow. The next
// renewal of IDLE finds a connection that died unnoticed: within [Config.Renew] and the time
// for a reply. Run ends if only a person can help: a broken policy, a certificate or pin
// that does not match, credentials that the server has certainly refused, or none where the
// server demands a login. Credentials that were accepted before in this Run are tried once
// more, after [Config.LongDelay], since servers refuse good ones while they restart. What the
// server says in its greeting, before TLS and unverified, does not end Run. A mailbox that
// cannot be selected ends nothing: [Config.Refused] is called for it, and it is tried again.
package imapwatch
