// Package mx delivers mail to the mail servers of other domains, under a rule for each
// domain that says how the way there must be protected.
//
//	sender, err := mx.New(mx.Config{
//		Policies: mx.PolicyDir("/var/lib/example/policies"),
//		Rules: map[string]mx.Rule{
//			"bank.example": {Level: mx.Secure, Names: []string{"mail.bank.example"}},
//			"":             {Level: mx.DANE},
//		},
//	})
//	...
//	receipt, err := sender.Send(ctx, envelope, content)
//
// [Sender.Look] says what would be done for a domain, and why, without a connection to a
// mail server.
//
// # Rules
//
// The [Level] of a rule is what the operator demands. What a recipient's domain publishes
// is looked at under DANE and DANEOnly, and never weakens a rule. Before a connection is
// what the rule demands, nothing of a message is sent, and no MAIL either. If no host of
// the domain can be reached that way, Send returns an [*Error] that has all attempts, and
// that tells "later" from "never".
//
// A handshake that fails is never followed by a connection in the clear. To deliver to a
// domain whose TLS does not work, give it a rule of NoTLS.
//
// # DANE
//
// DANE needs a resolver that validates and that the program trusts: one on loopback in
// [dns.Resolver].Servers, or any with TrustAD or the option trust-ad of resolv.conf. Without
// one the answers prove nothing, so that DANE is as May where there is no MTA-STS policy,
// and DANEOnly delivers nothing; Host.Why says so. TLSA records count only for hosts that
// signed MX records have named. A failure to look them up is one of the host (RFC 7672
// §2.2): mail waits.
//
// # MTA-STS
//
// A policy that is kept (see [PolicyStore]) applies from its first fetch until its max_age
// is over, whatever an attacker blocks in between. An attacker who blocks the first fetch
// keeps the domain without a policy. A policy is
// fetched again in the background when it is a day old and mail goes to the domain, and
// those of all other domains by [Sender.Refresh], which a program calls every few hours:
//
//	for range time.Tick(6 * time.Hour) {
//		if err := sender.Refresh(ctx); err != nil {
//			log.Print(err)
//		}
//	}
//
// Config.Fetched is told of every fetch, so that an operator hears of failures long before
// a policy ends. [ResultType] has the names of RFC 8460 for them, and for those of servers.
//
// # Messages
//
// A [Sender] is a Relay of package outbox, which keeps messages on disk and tries again what
// is to wait. All recipients of a call must be of one domain. A message in an outbox may
// have recipients of several: the outbox sends it to one domain after the other.
//
// A message may ask for REQUIRETLS, by its envelope. Its header is not read: a program that
// honours "TLS-Required: No" (RFC 8689 §5), with which an author asks that the policy of the
// recipient's domain be ignored, has a second Sender with a rule of May for such messages.
//
// # What a stranger can do
//
// Strangers write the zones of recipients' domains, so all that is taken from them is
// bounded: 10 hosts of a domain, 16 addresses and 64 TLSA records of a host, ten aliases in a
// row, [Config].MaxHosts addresses that are tried, 64 KiB of a policy, and 32 MiB of memory
// for all policies. Addresses of this host and of the link are not connected to
// ([Config].Permit), neither for mail nor for a policy.
//
// This package never sends credentials.
package mx
