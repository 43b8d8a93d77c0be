// Package pop3watch tells a program what comes into a POP3 mailbox, for as long as it
// runs and from run to run, and deletes what the program has, at once, after some time,
// or never.
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
// session of its own, under the same policy: POP3 servers lock a mailbox for a session,
// and show it what was there when it began.
//
// # What is new
//
// A message is new until Handle has returned nil for it and [Config.Seen] has taken
// note of that. Whatever is interrupted, and wherever, no message is lost, and nothing
// is deleted that the program does not have. A message that was handled and not yet
// noted when the program was killed is handed over again, with the same
// [Message.Key]: a program that stores its messages by their keys has each exactly
// once.
//
// # Outages
//
// Run deals with outages itself, at growing distances, and tells [Config.Down] of
// each. What waiting does not mend ends it: a broken policy, a certificate, a pin,
// credentials that the server has certainly refused, Options.Auth that is nil while the
// server wants a login. Credentials that were good before in this Run are tried once more,
// after [Config.LongDelay], as servers refuse good ones while they restart. One odd message
// ends nothing: it is told to [Config.Refused], comes again with the next look, and holds up
// no other.
package pop3watch
