package auth

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"regexp"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/mailconn/mailconn/internal/saslprep"
)

// cramMD5 is the mechanism CRAM-MD5 (RFC 2195). The server proves nothing, and
// anyone who reads the exchange can search for the password.
type cramMD5 struct {
	user, password string
	answered       bool
}

func (c *cramMD5) Start() (string, []byte, error) { return "CRAM-MD5", nil, nil }

func (c *cramMD5) Next(challenge []byte) ([]byte, error) {
	switch {
	case c.answered:
		return nil, sasl.ErrUnexpectedServerChallenge
	case len(challenge) == 0: // it would be the same digest every time
		return nil, errors.New("empty challenge")
	}
	c.answered = true
	mac := hmac.New(md5.New, []byte(c.password))
	mac.Write(challenge)
	return []byte(c.user + " " + hex.EncodeToString(mac.Sum(nil))), nil
}

func (c *cramMD5) complete() error {
	if !c.answered {
		return errEarly()
	}
	return nil
}

// msgID is a msg-id of RFC 5322 §3.6.4 in its plain form. Time stamps of any
// other form may be half of an MD5 collision, by which a server in the middle
// learns a password letter by letter (CVE-2007-1558).
var msgID = regexp.MustCompile(`^<[A-Za-z0-9!#$%&'*+/=?^_{|}~.` + "`" + `-]{1,120}@[A-Za-z0-9.\[\]:_-]{1,255}>$`)

// stampIn returns the time stamp in a greeting, brackets and all (RFC 1939 §7),
// or "" if there is none that may be used.
func stampIn(greeting string) string {
	for {
		_, rest, _ := strings.Cut(greeting, "<")
		inside, behind, found := strings.Cut(rest, ">")
		if !found {
			return ""
		}
		if stamp := "<" + inside + ">"; msgID.MatchString(stamp) {
			return stamp
		}
		greeting = behind
	}
}

// runAPOP is POP3's APOP (RFC 1939 §7), with the password prepared
// (RFC 6856 §2.2).
func runAPOP(c *conversation, u use) (Answer, error) {
	if strings.Contains(u.user, " ") {
		return Answer{}, &Error{Kind: KindMechanism, Err: errors.New("user contains a blank, which APOP cannot send")}
	}
	password := u.secret // as it is where SASLprep does not allow it, and the server may not prepare
	if prepared, err := saslprep.Prepare(password); err == nil {
		password = prepared[0]
	}
	sum := md5.Sum([]byte(u.on.stamp + password))
	digest := hex.EncodeToString(sum[:])
	return c.loginDigest(u.user, digest)
}
