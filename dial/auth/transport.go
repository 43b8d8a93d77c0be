package auth

// A Transport carries an authentication in the lines of one protocol. Its
// methods return an error if the connection is of no use any more, and an
// [Answer] for what the server said. Text of the server in an Answer is as the
// server sent it.
//
// A protocol with a login command besides SASL has a [LoginTransport] or a
// [DigestTransport].
type Transport interface {
	// Mechanisms returns the SASL mechanisms that the server lists.
	Mechanisms() []string
	// Start sends the command that begins an exchange. If the initial response
	// ir can go with it, it does and sent is true; nil means there is none.
	Start(mechanism string, ir []byte) (a Answer, sent bool, err error)
	// Respond sends a response to a challenge.
	Respond(response []byte) (Answer, error)
	// Cancel ends an exchange that waits for a response.
	Cancel() error
	// Finish does what the protocol wants done after a login.
	Finish() error
}

// A LoginTransport is a [Transport] whose protocol has a command of its own for
// a user and a password, as IMAP's LOGIN, or POP3's USER and PASS.
type LoginTransport interface {
	Transport
	// LoginCommand returns the command's name as a mechanism, as "IMAP LOGIN" or
	// "USER/PASS", and whether the server takes the command.
	LoginCommand() (name string, taken bool)
	// Login sends the command.
	Login(user, password string) (Answer, error)
}

// A DigestTransport is a [Transport] whose protocol has a command for a user and
// a digest of the password with a time stamp, as POP3's APOP (RFC 1939 §7).
type DigestTransport interface {
	Transport
	// Greeting returns the greeting, in which there may be a time stamp, or "" if
	// there was none on the connection's own level: one from before STARTTLS
	// counts for nothing.
	Greeting() string
	// LoginDigest sends the command.
	LoginDigest(user, digest string) (Answer, error)
}

// A NoticeTransport is a [Transport] that shows words of the server to a person
// while a login runs, as IMAP's ALERT must be.
type NoticeTransport interface {
	Transport
	// Redact is called once, before the login begins, with a function that takes
	// the secrets of the login out of the server's words. It returns "" for words
	// that cannot be shown at all.
	Redact(func(words string) string)
}

// Status is what a server's answer means.
type Status uint8

const (
	Refused   Status = iota // the attempt is over and failed
	Accepted                // the attempt is over: the user is logged in
	Challenge               // a response is awaited
)

// Answer is what a server says in an authentication.
type Answer struct {
	Status    Status // what becomes of the attempt
	Challenge string // in base64, as the server sent it, for a Challenge

	// The rest is for a Refused.

	Kind      Kind   // why, as far as the code tells; Authenticate reads the words
	Guessed   bool   // no code says why: Kind is the likeliest
	Code      string // as in Error
	Transient bool   // the code says that the refusal will pass
	Reply     string // the server's words, code and all
	// Unsent means that a Login was refused before the password was sent.
	Unsent bool
	// Ambiguous means that a refusal without a code may as well be one of the
	// mechanism: the protocol's own login command may then follow PLAIN.
	Ambiguous bool

	advice string // a hint that the words call for
	unread bool   // it has words, and they are not known here
	early  bool   // it came before the secret was sent: if Guessed, it may be one of the mechanism
	detail error  // what a challenge before the final answer said: a *TokenError or a scramError
}
