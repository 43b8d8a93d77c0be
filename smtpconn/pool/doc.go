// Package pool sends messages over a few connections to one relay, and survives
// the relay's bad days.
//
//	p, err := pool.New(pool.Config{Endpoint: endpoint, Options: options})
//	...
//	defer p.Close(ctx)
//	receipt, err := p.Send(ctx, envelope, strings.NewReader(message))
//
// Connections are made when there are messages for them, are used again, and
// are closed when they have been idle. Messages that wait for one connection go
// as a stream, a round trip each ([smtpconn.Client.Stream]): a pool is fastest
// with several times as many callers of Send as connections.
//
// # Nothing lost, nothing twice
//
// Send returns when the outcome is known: a receipt, or a [*smtpconn.SendError]
// that says not sent, refused or unknown. It tries again what is safe to try
// again, and nothing whose outcome is unknown unless Config.RetryUnknown says
// so. The messages that share a connection are apart: that one is refused, or
// given up by its caller, changes nothing for the others.
//
// # Connections
//
// All are dialled with the same endpoint and options, so one policy holds for
// all, and a message that asks for REQUIRETLS is refused by smtpconn on any
// connection whose server was not verified. Before an idle connection is used
// its socket is looked at, without a round trip: what hung up or said something
// is dropped. What that does not show costs an attempt to send, not a message.
//
// # A relay that is down
//
// After a dial that failed one connection at a time is tried, at distances that
// grow from RetryDelay to MaxRetryDelay; MaxRetryDelay at once for a certificate,
// a policy or a password. A relay that accepts connections and drops
// each before it has answered for a message, at the final dot or anywhere before
// it, is down too: a connection is the only one until a message on it got an
// answer. Meanwhile Send fails at once with a [*DownError], which has the cause, but for the one message that a
// dial under way is for; or waits, if Config.WaitWhileDown is set. Nothing dials
// while there is no message.
// A relay that stalls at each final dot costs an unknown outcome a probe.
//
// # Whose fault
//
// An error of Send that holds a [*DownError] is the relay's, and says nothing
// about the message. For a person, errors.As finds the [*dial.Error] in it, if
// the dial failed, and that has a Hint.
//
// # Limits and ends
//
// A relay that stalls at the final dot holds a Send for ten minutes, as RFC 5321
// §4.5.3.2.6 wants it: a context with a deadline, or Options.ReplyTimeout, is for
// those who cannot wait that long.
//
// To leave, stop calling Send, let the calls under way return, and Close. A new
// password or new roots are for a new Pool: put it in the old one's place, and
// Close that.
package pool
