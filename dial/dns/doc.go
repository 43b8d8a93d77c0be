// Package dns asks a resolver one question, and tells an answer from an absence
// and from a failure.
//
//	answer, err := new(dns.Resolver).Ask(ctx, "_imaps._tcp.example.org", dnsmessage.TypeSRV)
//
// An error means that nothing is known: the servers did not answer, or could not
// find out. A program that takes it for an absence can be made to overlook a
// record by an attacker who drops a packet. [Answer.Absent] says that there are
// no records, and which absence it is: the name does not exist, or it has no
// records of this type.
//
// # Validation
//
// [Answer.Secure] reports that a validating resolver has checked the answer, or
// the absence, against the signatures of DNSSEC. This package never validates
// itself: it believes the AD bit of a resolver on loopback that the program names
// in [Resolver.Servers], and that of other resolvers only if [Resolver.TrustAD] or
// the trust-ad option of resolv.conf says that they validate and the way to them is
// safe. A loopback address in resolv.conf is not enough: the resolvers of containers
// and of desktops are often forwarders there, which pass on the bit of a distant
// server, as an attacker on the way to that server may have set it.
//
// A trusted resolver that answers SERVFAIL may have found a forgery. No other
// server is asked then. Where one server is trusted, those that are not are never
// asked: an attacker who delays the trusted one could otherwise switch DANE off.
//
// # Names
//
// Names are asked for as they are: neither the search list of resolv.conf nor
// /etc/hosts is used. See [Canonical] for the form of names.
//
// # What a stranger can do
//
// Questions go out over UDP with a random id from a socket of their own, and an
// answer counts only if its id and its question are those that were asked. After
// a few datagrams that do not fit, the question is asked over TCP. Nothing is
// cached, and no answer is larger than the 65,535 bytes of a DNS message. The way
// to the resolver is not encrypted: an attacker on it can read and change what is
// not validated by a resolver on this side of it.
package dns
