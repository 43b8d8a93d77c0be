package pop3

import (
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
)

// The response codes that are known here (RFC 2449 §8.1, RFC 3206 §4).
const (
	CodeAuth       = "AUTH"
	CodeInUse      = "IN-USE"
	CodeLoginDelay = "LOGIN-DELAY"
	CodeSysTemp    = "SYS/TEMP"
	CodeSysPerm    = "SYS/PERM"
)

// Code returns the response code of a -ERR in upper case, and "" if there is none
// (RFC 2449 §8). Before a server has listed its capabilities, nothing says whether
// what stands in brackets is one; afterwards CodeUnder tells.
func (r Reply) Code() string {
	inside, _, ok := strings.Cut(strings.TrimPrefix(r.Text, "["), "]")
	if r.OK || !ok || !strings.HasPrefix(r.Text, "[") {
		return ""
	}
	return wire.Upper(inside)
}

// CodeUnder returns the response code of a refusal by a server with these
// capabilities. Brackets mean something only where the server says so: RESP-CODES
// for all codes (RFC 2449 §6.4), AUTH-RESP-CODE for AUTH and SYS (RFC 3206 §5).
// Codes that merely ask for patience are believed without.
func (r Reply) CodeUnder(capabilities []string) string {
	code := r.Code()
	_, all := wire.Params(capabilities, "RESP-CODES")
	_, some := wire.Params(capabilities, "AUTH-RESP-CODE")
	level, _, _ := strings.Cut(code, "/")
	switch {
	case all, Transient(Known(code)), some && (level == "AUTH" || level == "SYS"):
		return code
	}
	return ""
}

// Known cuts a code down to the levels that are known here, as further detail is
// to be ignored (RFC 2449 §8). It returns "" for a code that is not known.
func Known(code string) string {
	for _, k := range []string{CodeAuth, CodeInUse, CodeLoginDelay, CodeSysTemp, CodeSysPerm} {
		if code == k || strings.HasPrefix(code, k+"/") {
			return k
		}
	}
	return ""
}

// Transient reports whether a known code says that the refusal will pass
// (RFC 2449 §8, RFC 3206 §4).
func Transient(known string) bool {
	return known == CodeSysTemp || known == CodeInUse || known == CodeLoginDelay
}
