// Package discover finds the servers of a mail address, and who vouches for them.
//
//	found, err := discover.Find(ctx, "joe@example.org", nil)
//	...
//	if len(found.Reading.Ready) > 0 {
//		endpoint, user := found.Reading.Ready[0].Endpoint, found.Reading.Ready[0].Users[0]
//
// Every server in [Servers.Ready] and [Servers.AskFirst] is reached with implicit
// TLS or required STARTTLS. A source that names one without TLS is shown, in
// [Servers.Refused], and what it names is never used. Nothing is asked over http.
// Find sends no password, and tells no server the address, but for what
// [Options.TellAddress] says; it connects to mail servers only where it guesses,
// under the domain. [dial.Dialer.Inspect] has a look at a candidate.
//
// # Sources
//
// These are asked side by side:
//
//   - [PACC]: https://ua-auto-config.DOMAIN/.well-known/user-agent-configuration.json,
//     whose SHA-256 digest has to be in a TXT record at _ua-auto-config.DOMAIN
//     (draft-ietf-mailmaint-pacc). Only implicit TLS on the registered ports.
//   - [SRV]: the records of _imaps, _imap, _pop3s, _pop3, _submissions and
//     _submission (RFC 6186, RFC 8314 §5.1). A target of "." declares that there
//     is no such service.
//   - [Autoconfig]: https://autoconfig.DOMAIN/mail/config-v1.1.xml and
//     https://DOMAIN/.well-known/autoconfig/mail/config-v1.1.xml
//     (draft-ietf-mailmaint-autoconfig).
//   - [ISPDB]: a public table in autoconfig's format, if the program names one.
//   - [MX]: the domain's most preferred mail exchangers, looked up in the
//     program's table or in the public one.
//
// Where they know no server for reading, or none for sending, imap, mail, pop,
// pop3 and smtp under DOMAIN are tried ([Guess]); never under another domain.
//
// PACC is a draft. The members of its document that are used here (protocols with
// imap, pop3, smtp or submit, each with a host; authentication with password and
// oauth-public) are those of its revisions 02 and 03.
//
// # What a proof is worth
//
// Each [Proof] names a [Voucher]. The table says what an attacker can do about the
// servers that Find returns, if it
//
//   - is on the path: it drops, delays and forges what is neither TLS nor signed,
//     above all answers of the DNS that are not validated;
//   - holds a web server of the domain's, such as autoconfig.DOMAIN;
//   - holds a name: it has a certificate for some name under the domain, as the
//     customers of a provider have that hands out names under its own domain;
//   - runs the public table, or has taken it over.
//
// "Hide" is to make the source fail or, with unsigned DNS, seem empty. Everyone on
// the path can do that. "Ask" is to name a server of the attacker's, in AskFirst,
// where a person is shown its name. "Choose" is to name one in Ready.
//
//	                        on the path    holds a web server    holds a name    runs the table
//	digest, signed DNS      hide           hide                  -               -
//	signed DNS              hide           -                     -               -
//	digest, unsigned DNS    hide           hide; choose, if      choose, if on   -
//	                                       on the path as well   the path (1)
//	HTTPS of the domain     hide           choose                choose, if on   -
//	                                                             the path (1)
//	HTTPS of another host   hide           ask                   -               -
//	provider table          hide           -                     -               ask
//	unsigned DNS, server    hide, ask      -                     -               -
//	elsewhere
//	unsigned DNS, server    hide (2)       -                     choose, if on   -
//	under the domain                                             the path (2)
//	unsigned DNS →          hide, ask (3)  -                     -               ask
//	provider table
//	conventional name       hide (2)       -                     choose, if on   -
//	                                                             the path (1)
//
//	(1) only with a certificate for that very name
//	(2) Find may name any host under the domain then, and a connection to it fails
//	    without a certificate for it
//	(3) only among the providers in the table
//
// "Signed DNS" is the word of a validating resolver that the program trusts; see
// package dns. A resolver that has been taken over, and a certificate authority
// that issues to the wrong person, are not in the table: the first can do what
// one on the path can, and vouch for it; the second turns any name into one that
// is held.
//
// # Failures open nothing
//
// A time-out is not an absence. A source that could not be asked is in
// [Result.Failed], and what weaker sources say is not worth more for it: a server
// elsewhere stays in AskFirst, and a guess, made where a better source has failed,
// goes there too. An attacker who keeps a source away can so make Find return
// less, or have a person asked, and can never turn what had to be asked about into
// what is ready.
//
// # Services
//
// A program that lets strangers type the address should set [Options.Permit] to
// forbid its own networks, and use [Options.NetDialer] for what it dials
// afterwards. Find makes some twenty questions to the DNS, up to a dozen requests
// and, where it guesses, up to fourteen connections for one address; a service has
// to limit how often it is called.
package discover
