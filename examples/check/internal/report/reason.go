package report

// Reason is why there is no connection, or none with TLS.
type Reason string

// The reasons.
const (
	Unreachable Reason = "unreachable" // no connection: name, network, port
	NotOffered  Reason = "not-offered" // STARTTLS is neither listed nor done
	Refused     Reason = "refused"     // the server turned the client, or STARTTLS, away
	Preauth     Reason = "preauth"     // it claims that the client is logged in
	Injected    Reason = "injected"    // bytes where an honest server sends none
	NotTLS      Reason = "not-tls"     // no TLS on a port for implicit TLS
	Malformed   Reason = "malformed"   // no answer of the protocol
	TooLong     Reason = "too-long"    // an answer that does not end
	Silent      Reason = "silent"      // no answer in time
	HungUp      Reason = "hung-up"     // the server closed the connection
	Handshake   Reason = "handshake"   // TLS with it does not come about
	Cut         Reason = "cut-short"   // the run ended first: nothing is known of the server
	Other       Reason = "other"

	CertExpired   Reason = "certificate-expired"
	CertNotYet    Reason = "certificate-not-yet-valid"
	CertName      Reason = "certificate-name"       // for other names
	CertNoNames   Reason = "certificate-no-names"   // for no name at all
	CertSelf      Reason = "certificate-self"       // signed by its own key
	CertAuthority Reason = "certificate-authority"  // of an authority that is not trusted
	CertPartial   Reason = "certificate-incomplete" // of one that the server does not show, and that is not trusted
	CertWeakKey   Reason = "certificate-weak-key"   // an RSA key of fewer than 2048 bits
	CertPurpose   Reason = "certificate-purpose"    // not issued for servers
	CertPin       Reason = "certificate-pin"        // another key than the one that was pinned
	CertOther     Reason = "certificate-other"
)
