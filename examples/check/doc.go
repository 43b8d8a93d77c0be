// Check shows how a mail server is protected, what is wrong with it, and what to do next:
//
//	go run ./examples/check joe@example.org            the servers of an address
//	go run ./examples/check imap://mail.example.org    one server; several may be named
//	go run ./examples/check -account account.json      the servers of an account of examples/account
//	go run ./examples/check -demo                      servers of its own, honest and hostile, and a domain
//	go run ./examples/check -from report.json          again what -json has written
//	go run ./examples/check -h
//
// Of an address, servers that the domain vouches for are looked at; those that only unsigned
// DNS or a table names, with -yes. Of a server, only the port that was named is looked at: by
// one connection under each policy that has a meaning there, one for a login, and on ports
// for implicit TLS two that ask for TLS 1.0 and 1.1. With -user there is a login where the
// server was verified, and nowhere else; the password is asked for, or comes from
// -password-file. Each connection is bounded by -timeout, the whole by -total, and four
// servers are looked at at a time.
//
// # Outputs
//
// The terminal has the findings, the most harmful first, and then a table of how a
// mail program is protected, by its policy. -long adds all that is known of each server. -json writes the same as JSON, and -html
// FILE writes it to one page that needs no script and no network.
//
// # Exit status
//
//	0  all was looked at, and is as it should be
//	1  there are findings, also if something could not be looked at besides
//	2  something could not be looked at, and there are no other findings; or the command line
//	   is wrong, or a file cannot be read or written
//
// Build it first, with go build ./examples/check: go run always exits 1 where check exits 1
// or 2.
//
// For monitoring, -days 30 says how long a certificate must still be valid, and -expect what
// each server must have, or the domain of an address: -expect required-starttls,tls1.3,mta-sts.
//
// # JSON
//
// The form is that of the types in internal/report. A change of what a member means, or of
// its name, changes "schema", which is 1; new members do not. The members are
//
//	schema     1
//	asked      what was asked about
//	demo       true if the servers are those of -demo
//	made       when, in UTC
//	days       how long certificates had to be valid
//	expect     what was expected of each server
//	domain     of an address: name, sources, reading, sending (servers, with who names them), and
//	           mx (MTA-STS, and what a careful sender demands of each host)
//	endpoints  a list:
//	    url         of the endpoint, under the strongest policy of its port
//	    outcomes    of each policy, the strongest first: policy, result (protected, clear,
//	                downgrade, none), reason, phase, error, hint, steps (phase, at_us, took_us),
//	                and with -transcript what both sides said
//	    tls         version, suite, key_exchange, post_quantum, alpn, server_name, verified, root,
//	                good_until and days_left (of the chain that verified)
//	    old_tls     whether TLS 1.0 and 1.1 are taken; only on ports for implicit TLS
//	    chain       certificates: names, subject, issuer, key, key_hash, dates, days_left
//	    starttls    offered, works, injected, required (no login before it)
//	    greeting    as the server sent it
//	    clear       capabilities and mechanisms without TLS, and inside: those inside TLS
//	    login       user, mechanism, binding, or error and hint
//	    cut_short   true if the run ended before all of the endpoint was looked at
//	findings   a list: id, harm, where, what, next. The harm is one of suspect, exposed,
//	           locked, login, undelivered, unlike, unknown, soon and weaker, in this order. In
//	           what and next, settings and commands stand in backquotes
//
// Texts of servers are as they came, cut to 512 bytes. The demo has names, ports, keys and a
// clock of its own, so that its JSON is the same each time.
//
// # The code
//
// What it does with the library is in internal/look; internal/findings is the table of what
// can be wrong; internal/demo is the world of -demo.
package main
