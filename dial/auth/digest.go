package auth

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"errors"
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
