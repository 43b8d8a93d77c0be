package pop3conn

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

// Features has the capabilities that a server lists (RFC 2449 §6, RFC 2595 §4, RFC 3206
// §5, RFC 5034 §3, RFC 6856). What a server says of itself may not be true.
type Features struct {
	TOP          bool     // TOP, for [Client.Top] and [Client.TopEach]
	USER         bool     // USER and PASS
	UIDL         bool     // unique identifiers
	Pipelining   bool     // many commands in one round trip
	RespCodes    bool     // response codes, such as [IN-USE], in refusals
	AuthRespCode bool     // the response codes AUTH and SYS
	STLS         bool     // the upgrade to TLS
	Lang         bool     // [Client.Lang]
	UTF8         bool     // [Options.UTF8]
	UTF8User     bool     // USER, PASS and APOP take UTF-8
	SASL         []string // the mechanisms

	LoginDelay Delay  // between logins
	Expire     Expire // of messages

	// Implementation is what the server calls itself, made printable. It is for
	// people: nothing in this package depends on it (RFC 2449 §6.9).
	Implementation string
}

// Delay is the least time between two logins (RFC 2449 §6.5).
type Delay struct {
	Listed  bool          // the server lists LOGIN-DELAY
	Minimum time.Duration // from one login to the next
	PerUser bool          // it may differ between users; ask again after the login
}

// Expire is how long messages stay on the server at least (RFC 2449 §6.7).
type Expire struct {
	Listed bool // the server lists EXPIRE
	Never  bool // the server deletes no messages by itself
	// Days is the number of days, if Never is false. If it is 0, the server may delete
	// the messages that were retrieved at the end of the session.
	Days    int
	PerUser bool // it may differ between users; ask again after the login
}

// Features returns the capabilities that [Client.Capabilities] returns, parsed. It is
// zero if the server does not know CAPA.
func (c *Client) Features() Features { return parseFeatures(c.capabilities) }

func parseFeatures(list []string) Features {
	listed := func(tag string) bool { _, ok := wire.Params(list, tag); return ok }
	words := func(tag string) []string { p, _ := wire.Params(list, tag); return wire.Words(p) }
	name, _ := wire.Params(list, "IMPLEMENTATION")
	return Features{
		TOP: listed("TOP"), USER: listed("USER"), UIDL: listed("UIDL"),
		Pipelining: listed("PIPELINING"), RespCodes: listed("RESP-CODES"), AuthRespCode: listed("AUTH-RESP-CODE"),
		STLS: listed("STLS"), Lang: listed("LANG"), UTF8: listed("UTF8"),
		UTF8User:       hasUser(words("UTF8")),
		SASL:           words("SASL"),
		LoginDelay:     parseDelay(words("LOGIN-DELAY")),
		Expire:         parseExpire(words("EXPIRE")),
		Implementation: wire.Printable(name),
	}
}

// hasUser reports whether USER is among the parameters of a capability. It says that the
// others depend on the user, and for UTF8 that names and passwords may be in UTF-8.
func hasUser(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, "USER") })
}

// parseDelay ignores what is not a number, and what is more than a year.
func parseDelay(words []string) Delay {
	const year = 366 * 24 * 3600
	n, ok := number(words, year)
	if !ok {
		return Delay{}
	}
	return Delay{Listed: true, Minimum: time.Duration(n) * time.Second, PerUser: hasUser(words[1:])}
}

func parseExpire(words []string) Expire {
	if len(words) > 0 && strings.EqualFold(words[0], "NEVER") {
		return Expire{Listed: true, Never: true, PerUser: hasUser(words[1:])}
	}
	n, ok := number(words, 1<<31-1)
	if !ok {
		return Expire{}
	}
	return Expire{Listed: true, Days: n, PerUser: hasUser(words[1:])}
}

func number(words []string, most int) (int, bool) {
	if len(words) == 0 {
		return 0, false
	}
	n, err := strconv.ParseUint(words[0], 10, 31)
	return int(n), err == nil && int(n) <= most
}
