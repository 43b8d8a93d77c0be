package auth

// Kind says why an authentication failed, the same in all protocols. It is in
// the chain of an [*Error], so that errors.Is(err, KindCredentials) works.
type Kind string

// Error returns the kind in words.
func (k Kind) Error() string { return string(k) }

// The kinds of an [*Error], with what a program does about them.
const (
	// KindCredentials: the server does not accept the user, the password or the
	// token. Ask for new ones. Error.Guessed tells whether the server said so.
	KindCredentials Kind = "bad credentials"
	// KindExpired: the password must be changed, or the token is too old.
	KindExpired Kind = "credentials expired"
	// KindSecondFactor: the password alone does not do. The provider wants one that
	// was made for this program, or a login in its web page first.
	KindSecondFactor Kind = "application password or second factor wanted"
	// KindDisabled: the account is closed or suspended, or may not be used by this
	// protocol or in this way. The user's settings or an administrator can change
	// that.
	KindDisabled Kind = "account or access switched off"

	// KindTemporary: the server cannot check credentials now. Try again later.
	KindTemporary Kind = "temporary failure"
	// KindLimit: too many connections, or too many logins in too short a time. Try
	// again later, and not at once.
	KindLimit Kind = "too many connections or logins"
	// KindInUse: the mailbox is locked by another session. Try again later.
	KindInUse Kind = "mailbox in use or locked"

	// KindMechanism: the server offers no mechanism that the credentials allow, or
	// refused one as such.
	KindMechanism Kind = "no acceptable mechanism"
	// KindNoLogin: the server takes no login here, though it may list one.
	KindNoLogin Kind = "server takes no login here"
	// KindTLSRequired: the server wants TLS first. Raise the policy.
	KindTLSRequired Kind = "server wants TLS first"
	// KindRefused: the server refused for none of the reasons above, or before it
	// was sent a secret. Its words may say why.
	KindRefused Kind = "server refused"

	// KindProtocol: the server broke the exchange, as by a challenge that cannot be
	// answered.
	KindProtocol Kind = "server broke the exchange"
	// KindServerProof: the server accepted the login and could not show that it
	// knows the password. It is a broken server, or not the one it seems to be.
	KindServerProof Kind = "server failed to prove itself"
	// KindChannelBinding: the server, or an attacker in the middle, would not have
	// a login that is bound to this connection, and a login without is not
	// wanted.
	KindChannelBinding Kind = "channel binding failed"

	// KindCancelled: the credentials could not be had or cannot be sent. Error.Err
	// is why.
	KindCancelled Kind = "credentials could not be had"
)

// temporary reports whether the same credentials may be accepted later.
func (k Kind) temporary() bool { return k == KindTemporary || k == KindLimit || k == KindInUse }
