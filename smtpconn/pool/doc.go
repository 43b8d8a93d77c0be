// Package pool sends messages over several connections to one relay, and deals with a relay
// that limits connections or is down.
//
//	p, err := pool.New(pool.Config{Endpoint: endpoint, Options: options})
//	...
//	defer p.Close(ctx)
//	receipt, err := p.Send(ctx, envelope, strings.NewReader(message))
//
// Connections are made when there are messages for them, are used again, and
// are closed when they have been idle. Messages that wait for one connection go
// as a series, a round trip each ([smtpconn.Client.SendEach]): a pool is fastest
// with several times as many callers of Send as connections.
//
// # Nothing lost, nothing twice
//
// Send returns when the outcome is known: a receipt, or a [*smtpconn.SendError]
// that says not sent, refused or in doubt. It tries again what is safe to try
// again, and nothing that is in doubt unless Config.RetryInDoubt says so. Messages
// that share a connection do not affect each other: if one is refused, or its caller
// gives it up, the others are sent.
//
// [smtpconn.SendError.MessageAtFault] tells a message that is to be given up from
// one that only has to wait.
//
// Give every Send a context with a deadline, or set Options.ReplyTimeout: the
// relay has ten minutes for its reply to the end of a message, and Send waits
// for it. A message whose deadline ends that wait is in doubt. Content that is
// slow to be read keeps its connection until the context ends.
//
// # Connections
//
// All are dialled with the same endpoint and options, so one policy holds for
// all, and a message that asks for REQUIRETLS is refused by smtpconn on any
// connection whose server was not verified. Before the pool uses an idle connection,
// it looks, without a round trip, whether the server has hung up or sent something, and
// drops the connection if so. A lost connection that this does not show costs a message
// no attempt.
//
// # A relay that limits connections
//
// A pool begins with as many dials as it has messages for, up to MaxConns. If one
// fails while other connections stand, the pool stays with those, and tries one more
// now and then, at distances that grow from RetryDelay to an hour for as long as that
// fails; messages do not reset them. If the relay has refused because of the
// number of connections (421, an enhanced code x.3.2, or words that say so, before MAIL is
// accepted; 421 or such words in reply to RCPT, with an enhanced code, and to DATA; 454 in
// reply to AUTH), the number of open connections counts as its limit, which [Stats].Limit
// shows. After a failure that waiting does not cure, such as a
// bad certificate, no dial begins for MaxRetryDelay.
//
// Pools that share a relay's limit do not coordinate: one that gets no connection is down
// until another closes one. Set MaxConns so that there is room for all.
//
// No message fails while a connection, or a dial that is under way, may carry it.
//
// # A relay that is down
//
// If no connection is left after a dial that failed, one at a time is tried, at
// distances that grow from RetryDelay to MaxRetryDelay; for a certificate, a policy or a
// password the first is MaxRetryDelay already. A relay that accepts connections and drops
// each before it has taken a message, at the final dot or anywhere before it, is down
// too: a connection is the only one until it has taken a message. Only a message can show
// whether it does, and one that is lost at the final dot is in doubt: such a relay leaves
// one message in doubt for each connection that is tried.
//
// Meanwhile Send fails with a [*DownError], which has the cause, as soon as no dial is
// under way; or waits, if Config.WaitWhileDown is set. A relay that worked until now
// is first tried once more, and one that refuses messages and hangs up, which may have
// been bad ones, five times. Without a message nothing is dialled. [DownError.Hint]
// explains to a person what is wrong with the relay:
//
//	var down *pool.DownError
//	if errors.As(err, &down) {
//		log.Print(down.Hint()) // a sentence that says what is wrong, and what to do
//	}
//
// # Ending a service, and a new password
//
// Stop taking messages in, let the calls of Send return, each under its own
// context, and then call Close, with a context that says how long a shutdown may
// take: it waits for the calls of Send itself, so they need not be counted.
//
//	stopIntake()
//	ctx, cancel := context.WithTimeout(context.Background(), grace)
//	defer cancel()
//	err := p.Close(ctx) // not nil: some were cut short, and their Sends say so
//
// A Pool's credentials are those of its Config, and so are those of connections
// to come. A password that changes is a Source in auth.Password, which is asked at
// each login. For other credentials make a new Pool, let new messages go there, and
// close the old one: what it has taken it still sends, and a Send that comes too
// late has [ErrClosed] in its error, and may go to the new one.
package pool
