// Package discover finds the servers of a mail address, and who vouches for them.
//
//	found, err := discover.Find(ctx, "joe@example.org", nil)
//	...
//	if len(found.Reading.Ready) > 0 {
//		endpoint, user := found.Reading.Ready[0].Endpoint, found.Reading.Ready[0].Users[0]
//
// Every server in [Servers.Ready] and [Servers.AskFirst] is reached with implicit
// TLS or required STARTTLS. Servers that a source names without TLS are in
// [Servers.Refused], and are not to be used. Find requests nothing over http. It sends
// no password, and does not tell the address to any server unless
// [Options.TellAddress] is set. It connects to mail servers only where it guesses,
// under the domain. [dial.Dialer.Inspect] looks at a candidate.
//
// # Sources
//
// These are asked side by side:
//
//   - [PACC]: https://ua-auto-config.DOMAIN/.well-known/user-agent-configuration.json,
//     whose SHA-256 digest has to be in a TXT record at _ua-auto-config.DOMAIN
//     (draft-ietf-mailmaint-pacc). It names servers with implicit TLS on the registered
//     ports, and no others.
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
// Each [Proof] names a [Voucher]. The table says how an attacker can influence which
// servers Find returns. The attacker
//
//   - is on the path: drops, delays and forges what is neither TLS nor signed,
//     above all answers of the DNS that are not validated;
//   - holds a web server of the domain, such as autoconfig.DOMAIN;
//   - holds a name: has a certificate for some name under the domain, as customers
//     have of a provider that hands out names under its own domain;
//   - runs the public table, or has taken it over.
//
// "Hide" is to make the source fail or, with unsigned DNS, seem empty, which every
// attacker on the path can do. "Ask" is to place a server of the attacker's choice in
// AskFirst, where a person sees its name. "Choose" is to place one in Ready.
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
//	(2) Find may return any host under the domain then, and a connection to it fails
//	    without a certificate for it
//	(3) only among the providers in the table
//
// "Signed DNS" is DNS that a validating resolver has validated which the program trusts;
// see package dns. The table does not have an attacker who controls that resolver, and
// can vouch for any forged answer, nor one who gets certificates from a trusted
// authority, and so holds any name.
//
// # Failures weaken nothing
//
// A time-out is not an absence. A source that could not be asked is in
// [Result.Failed], and the words of weaker sources are worth no more for that: a server
// outside the domain stays in AskFirst, and a guess goes there too if a source failed
// that may have known better. By blocking sources an attacker can make Find return less,
// or make the program ask a person, but cannot move a server from AskFirst to Ready.
//
// # Services
//
// A program that lets strangers type the address should set [Options.Permit] to
// forbid its own networks, and use [Options.NetDialer] for what it dials
// afterwards. For one address Find asks the DNS some twenty questions, and makes up to
// a dozen requests and, where it guesses, up to fourteen connections. A service has to
// limit how often it calls Find.
package discover
