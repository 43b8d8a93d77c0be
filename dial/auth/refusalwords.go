package auth

import "strings"

// meaning is what a server means by words that are known.
type meaning struct {
	kind   Kind     // "" for what the code says
	words  []string // one of these is in the words, in lower case; "*" stands for any text
	vague  bool     // they name several reasons
	advice string   // for a person, where there is a better hint than the kind's
}

// meanings are the words by which mail servers and providers refuse logins, where
// a code does not tell. The first that fits decides: what looks like the words of a
// meaning further down stands before it.
var meanings = []meaning{
	{kind: KindTLSRequired, words: []string{
		"starttls", "plaintext authentication disallowed", "cleartext authentication disallowed", "under a layer", "encryption required",
		"encryption is required", "encrypted connection", "secure connection", "ssl required", "tls required", "requires tls", "requires ssl",
		"tls is required", "ssl is required", "must use tls", "must use ssl", "cleartext login", "plaintext login",
	}},
	{words: []string{"client*certificate"},
		advice: "The server wants a client certificate, or does not accept the one it got: set one up in this program."},
	{kind: KindCredentials, vague: true, words: []string{
		"credentials or *disabled", "failure or *disabled", "password is incorrect*limited", "invalid login or server error",
		"invalid*expired", "expired or *invalid", "incorrect or *expired", "password or *expired", "password or *locked", "password or *disabled",
	}, advice: "The server names several reasons: user or password may be wrong, the account may not be open to this kind of program, or too many log in at once."},

	{kind: KindSecondFactor, words: []string{
		"application-specific password", "application specific password", "app-specific password", "app specific password",
		"app password", "application password", "parol prilozheniya", "authorization code", "authorisation code", "授权码", "reqcode",
		"two-factor", "two factor", "two-step", "2-step", "2fa", "multi-factor", "multifactor", "second factor",
		"verification code", "one-time password",
		"mfa required", "requires mfa", "mfa is", "secure mail key", "app passcode", "device password", "password for external",
	}},
	{kind: KindSecondFactor, words: []string{
		"web browser", "web login", "via the web", "to webmail", "webmail first", "in webmail", "web interface", "web site", "log in at http", "logging in at http", "verify your account",
		"verify your identity", "confirm your identity", "verification required", "terms of service", "terms of use", "user agreement", "captcha",
	},
		advice: "The provider wants a login in its web page first, with a browser, before it lets programs in."},
	{kind: KindExpired, words: []string{
		"password*expired", "expired password", "change your password", "must change password", "must change the password",
		"password must be changed", "password change required", "reset your password", "password reset", "password was reset",
		"password has been reset", "token*expired", "expired token", "expired access token", "expired_token", "token*revoked",
	}},

	{kind: KindLimit, words: []string{
		"too many connection", "too many simultaneous", "too many concurrent", "too many login", "too many auth", "too many session",
		"too many attempt", "too many failed", "too many failures", "too many invalid", "too many wrong", "too many incorrect",
		"too many unsuccessful", "too many bad", "too many errors", "too many requests", "too many users", "too many clients",
		"too many imap", "too many pop", "too many smtp", "too many logged", "maximum *connections", "maximum number of",
		"maximum *sessions", "maximum *logins", "maximum *attempts", "attempts exceeded", "exceeded *attempts", "no more connections",
		"connection count", "connections exceeded", "credits exceeded", "limit is exceeded", "log in every", "login every", "once every",
		"minutes apart", "too quickly", "too fast", "slow down",
		"connection limit", "connections limit", "concurrent connections", "concurrent sessions", "session limit", "login limit",
		"limit exceeded", "limit reached", "limit has been", "exceeded *limit", "rate limit", "rate-limit", "ratelimit", "login rate",
		"throttl", "frequency", "login delay", "minimum interval", "too frequent", "too often", "频繁", "temporarily blocked",
		"temporarily locked", "blocked temporarily", "locked temporarily", "blocked for *minutes", "locked for *minutes",
	}},
	{kind: KindRefused, words: []string{"spamhaus", "blacklist", "blocklist", "block list", "your ip", "ip address", "unauthorized ip", "this ip", "client host", "blocked using", "your country", "your location", "this location"},
		advice: "The server refuses logins from this network's address."},
	{kind: KindInUse, words: []string{
		"mailbox is locked", "mailbox locked", "maildrop is locked", "maildrop locked", "maildrop already", "mailbox already",
		"mailbox is already", "drop already locked", "lock failed", "acquire *lock", "locked by another", "unable to lock", "cannot lock", "can't lock", "can not lock", "could not lock",
		"can't get *lock", "cannot get *lock", "unable to get *lock", "lock maildrop", "lock busy", "mailbox in use",
		"maildrop in use", "already in use", "is in use", "mailbox busy", "mailbox is busy", "session already", "another session", "another pop",
		"currently in use", "being accessed", "is being used", "another process", "another client",
	}},
	{kind: KindRefused, words: []string{"open mailbox", "open the mailbox", "open maildrop", "open the maildrop", "chdir"},
		advice: "The server knows the user, and could not open the mailbox: ask its operator."},
	{kind: KindNoLogin, words: []string{
		"authentication not enabled", "authentication is not enabled", "auth not enabled", "when not advertised", "auth not available",
		"auth is not available", "authentication not available", "authentication is not available", "authentication not supported",
		"authentication is not supported on", "does not support authentication", "authentication not required",
		"no authentication required", "authentication not allowed", "authentication is not allowed", "auth not allowed", "on this port",
		"auth is not permitted", "auth is not allowed", "authentication is not permitted",
	}},
	{kind: KindTemporary, words: []string{
		"temporarily suspended", "temporarily disabled", "temporarily unavailable", "temporarily closed", "temporarily restricted",
	}},
	{kind: KindMechanism, words: []string{"mechanism*disabled", "no secret in database"}},
	{kind: KindRefused, words: []string{"stronger auth", "use apop"},
		advice: "The server wants a way to log in that does not show it the password, and lists none that this program knows."},
	{kind: KindDisabled, words: []string{"oauth required", "oauth is required", "requires oauth", "use oauth", "oauth2 required", "modern auth"},
		advice: "The provider takes no passwords from programs any more: log in by a token (OAuth)."},
	{kind: KindDisabled, words: []string{
		"authentication is disabled", "authentication disabled", "basic authentication is", "basicauthblocked", "account disabled",
		"account is disabled", "account has been disabled", "user disabled", "user is disabled", "mailbox disabled", "mailbox is disabled",
		"login disabled", "login is disabled", "logins disabled", "logins are disabled", "login not allowed", "login not permitted", "login denied",
		"suspended", "deactivated", "inactive", "account not active", "account is not active", "not activated",
		"account expired", "account has expired", "account locked", "account is locked",
		"account has been locked", "user is locked", "account blocked", "account is blocked", "account has been blocked", "user is blocked",
		"is not enabled", "not enabled for", "not been enabled", "yet to enable", "enable imap", "enable pop", "enable smtp",
		"access is disabled", "access disabled", "access is not allowed", "access to this account", "imap is disabled", "pop3 is disabled", "pop is disabled", "smtp is disabled", "imap disabled",
		"pop3 disabled", "smtp disabled", "service is not open", "service not open", "service is disabled", "has no permission", "have no permission",
		"does not have permission", "not have access rights", "not allowed to use", "not permitted to use", "not authorized to use",
		"switched off", "turned off", "nicht freigeschaltet", "nicht aktiviert", "未开启", "未开通", "less secure app", "unsafe login", "security defaults", "security policy", "conditional access", "did not meet the criteria",
		"account is abnormal", "account*blocked", "user*blocked", "mailbox*blocked", "account*locked", "been disabled", "was disabled",
		"account*closed", "frozen", "account*terminated", "gesperrt", "deaktiviert", "yet activated", "been activated",
		"license", "licence", "subscription", "premium", "access only", "allowed to login", "allowed to log in", "permitted to login",
		"permitted to log in", "pop not allowed", "imap not allowed", "smtp not allowed", "access not allowed", "available for your account",
		"available for this account", "by administrator", "by your administrator", "suspicious", "compromised", "没有权限",
	}},
	{kind: KindMechanism, words: []string{
		"mechanism*not supported", "unsupported *mechanism", "unsupported auth", "unrecognized auth",
		"unrecognised auth", "unknown auth", "unknown mechanism", "unknown sasl", "invalid mechanism", "mechanism*not available",
		"mechanism*unavailable", "no mechanism available", "mechanism*too weak", "auth not supported", "auth is not supported",
		"unknown command", "unrecognized command", "unrecognised command", "command not recognized", "command unrecognized", "command not supported",
		"not implemented", "unimplemented", "invalid command",
	}},
	{kind: KindTemporary, words: []string{
		"temporary", "temporarily", "again later", "try later", "retry later", "try again in", "system busy", "system is busy", "server busy",
		"server is busy", "too busy", "server unavailable", "service unavailable", "service not available",
		"currently unavailable", "not available at this time", "not available right now", "internal error", "internal server error",
		"server error", "system error", "system problem", "backend",
		"but not connected", "can't contact", "cannot contact", "cannot connect", "can't connect", "unable to connect", "could not connect", "failed to connect",
		"connection refused", "connection failed", "connection lost", "i/o error", "database error", "database connection", "open database",
		"database is", "db not available", "ldap error", "ldap server", "server is down", "service is down", "generic failure", "internal failure",
		"system failure", "server full", "server is full", "back later", "lookup failed", "high load", "is unavailable", "overload", "maintenance", "authentication server", "系统繁忙", "timed out", "timeout", "shutting down",
	}},
	{kind: KindRefused, words: []string{"[sys/perm]"}},

	{kind: KindCredentials, words: []string{
		"invalid credentials", "bad credentials", "wrong credentials", "incorrect credentials", "credentials were incorrect", "credentials invalid",
		"invalid user", "invalid login", "invalid password", "incorrect user", "incorrect password", "password*incorrect", "name or password", "user or password", "login or password", "name and password",
		"wrong password", "bad password", "password error", "passerr", "password not accepted", "password mismatch", "unknown user", "no such user",
		"user unknown", "user not found", "bad login", "login incorrect", "login fail", "logon fail", "unable to log on", "invalid token",
		"invalid_token", "invalid access token", "authentication fail", "authentication unsuccessful", "authentication error",
		"authenticate failed", "authorization failed", "auth fail", "incorrect authentication", "invalid authentication", "authentication data",
		"authentication rejected", "authentication denied",
	}},
}

// meaningOf returns the meaning that the server's words give, nil if they are not
// known.
func meaningOf(words string) *meaning {
	words = strings.ToLower(words)
	for i, v := range meanings {
		for _, w := range v.words {
			if contains(words, w) {
				return &meanings[i]
			}
		}
	}
	return nil
}

// contains reports whether the parts of a pattern, between its stars, are in text
// one after the other.
func contains(text, pattern string) bool {
	for part := range strings.SplitSeq(pattern, "*") {
		_, rest, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = rest
	}
	return true
}

// hasWords reports whether a reply has more in it than a status and codes.
func hasWords(reply string) bool {
	for i, word := range strings.Fields(reply) {
		code := strings.HasPrefix(word, "[") && strings.HasSuffix(word, "]") || strings.Trim(word, "0123456789.#-:") == ""
		if i > 0 && !code {
			return true
		}
	}
	return false
}

// judge returns a refusal with the kind that the server's words give it, where its
// code does not tell. Before the server was sent the secret, which shown reports, a
// refusal is none of the credentials, unless it was sent the user's name, which
// named reports, and has a code that speaks of credentials.
func judge(a Answer, named, shown bool) Answer {
	v := meaningOf(a.Reply)
	switch {
	case v == nil:
		a.unread = hasWords(a.Reply)
	case v.kind == "":
		a.advice = v.advice
	case v.kind == KindCredentials && (a.Kind == KindCredentials || a.Kind == KindRefused && a.Guessed):
		a.Kind, a.Guessed, a.advice = KindCredentials, a.Guessed || v.vague, v.advice
	case v.kind == KindCredentials:
	case v.kind == KindLimit && a.Kind == KindInUse: // some have no code of its own for that
		a.Kind, a.advice = v.kind, v.advice
	case a.Kind == KindCredentials, a.Kind == KindRefused, a.Kind == KindMechanism, a.Kind == KindTemporary:
		a.Kind, a.Guessed, a.advice = v.kind, false, v.advice
	}
	if named && a.Kind == KindCredentials && a.Code != "" {
		return a
	}
	if !shown && (a.Kind == KindCredentials || a.Kind == KindRefused && (a.Guessed || a.Code == "")) {
		coded := a.Kind == KindCredentials && !a.Guessed
		a.Kind, a.Guessed, a.advice, a.early = KindRefused, !coded, "", true
	}
	return a
}
