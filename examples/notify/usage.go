package main

const usage = `notify keeps messages in an outbox, and sends them through relays.

usage: notify [flags] -outbox DIR -from ADDRESS URL [URL...]

A URL is submissions://HOST (TLS from the first byte) or submission://HOST
(STARTTLS, or no connection). The next relay is asked for what the one before it
cannot be given.

A message is a line of JSON on standard input, or with -listen the body of a
POST with the content type application/json. "to" is needed:

  {"id":"order 17","date":"2026-01-31T12:00:00Z","to":"ann@example.org","subject":"Hello","text":"It is done."}

The answer is on standard output, or the response. "stored" means that the message
is on disk, and will be sent or answered for, also after a crash:

  {"id":"order 17","to":"ann@example.org","outcome":"stored"}

The same line again, with id and date, is the same message and is not sent twice. So
when an answer is missing, as after a crash, or is "maybe stored", give the line again.
A line without an id is given one, and a line without a date the present time.

When the outcome is known it is on standard output, in whatever order. After a crash
it may be there once more:

  {"id":"order 17","to":"ann@example.org","outcome":"sent","reply":"2.0.0 queued as 4XyZ"}

The outcome is sent, refused, not sent, expired, given up, or in doubt: then the relay
may have taken the message, and sending it again may double it. It is held until a
line says what to do with it, and so is one that waits until it is cancelled:

  {"id":"order 17","do":"resend"}   (or "give up", or "cancel")

With -listen, GET /stats returns what waits and which relays are down, as JSON. The
requests are not authenticated: listen where only programs that may send can connect.

At the end of the input the program waits until no message waits. SIGINT and
SIGTERM end the input at once. Messages that are being sent have the time of -grace to
end; what waits, and what was read and has no answer yet, is for the next run. The
next program may be started before this one has ended: it waits. A second signal ends
the program at once, which is a crash.

The exit status is 0 if all were sent, 3 if any is in doubt, 2 if the command line
is wrong, else 1: also if a signal came first. With -listen it is 0 after a signal.

flags:
`
