package auth

import (
	"regexp"
	"strings"
)

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
