package auth_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
)

// tokens is a source that counts how often it is asked.
type tokens struct {
	calls int
	same  bool // it gives the same token every time
}

func (s *tokens) Secret(context.Context, *auth.Error) (auth.Secret, error) {
	s.calls++
	if s.same {
		return auth.NewSecret(testToken), nil
	}
	return auth.NewSecret(fmt.Sprintf("%s.%d", testToken, s.calls)), nil
}

// A refused token asks its source for another exactly once, whether a challenge
// came first or not, and whatever was in it. A failure that is not the token's does
// not.
func TestTokenIsRenewedOnce(t *testing.T) {
	refused := map[policy.Protocol][]string{
		policy.IMAP:       {"NO [AUTHENTICATIONFAILED] no", "NO no", "NO SASL authentication failed", "NO [EXPIRED] no"},
		policy.Submission: {"535 5.7.3 Authentication unsuccessful [HOST.example]", "535 5.7.8 no", "535 no", "554 5.7.0 no"},
		policy.POP3:       {"-ERR [AUTH] no", "-ERR no", "-ERR Logon failure: unknown user name or bad password."},
	}
	other := map[policy.Protocol][]string{
		policy.IMAP:       {"NO [UNAVAILABLE] no", "NO [ALERT] Too many simultaneous connections. (Failure)", "NO [INUSE] no", "NO [CONTACTADMIN] no"},
		policy.Submission: {"454 4.7.0 no", "535 5.7.0 Too many login attempts", "535 5.7.139 no, SmtpClientAuthentication is disabled for the Tenant."},
		policy.POP3:       {"-ERR [SYS/TEMP] no", "-ERR [IN-USE] no", "-ERR [LOGIN-DELAY] no", "-ERR [SYS/PERM] no"},
	}
	challenges := []string{"none", `{"status":"invalid_token","schemes":"bearer","scope":"mail"}`, `{"status":"400"}`, `{"status":"insufficient_scope","scope":"mail"}`, "{}", "no JSON", "=!", `{"status":"400`}
	for _, p := range protocols {
		for _, mechanism := range []string{"OAUTHBEARER", "XOAUTH2"} {
			for _, challenge := range challenges {
				for i, answer := range append(slices.Clone(refused[p]), other[p]...) {
					want := 1
					if i < len(refused[p]) {
						want = 2
					}
					for _, same := range []bool{false, true}[:max(1, 2-i)] {
						source := &tokens{same: same}
						s := &server{p: p, lists: []string{mechanism}}
						s.play = func(x *talk, _ string) outcome {
							x.first()
							refuseToken(x, challenge)
							x.say(x.tag + answer)
							return said
						}
						_, err := login(t, s, auth.Token{User: testUser, Secret: source})
						var failed *auth.Error
						sent := want
						if same {
							sent = 1
						}
						if !errors.As(err, &failed) || source.calls != want || timesBegun(s) != sent {
							t.Errorf("%v %s, %q, %q: asked %d times, sent %d times, %v", p, mechanism, challenge, answer, source.calls, timesBegun(s), err)
						}
					}
				}
			}
		}
	}
}

// refuseToken sends a challenge that refuses a token, and for one that the client
// may take for a request to repeat the token, once more.
func refuseToken(x *talk, challenge string) {
	switch challenge {
	case "none":
	case "=!":
		x.raw(challenge)
		x.raw(challenge)
	case "no JSON":
		x.ask(challenge)
		x.ask(challenge)
	default:
		x.ask(challenge)
	}
}

// timesBegun counts the commands that begin an exchange.
func timesBegun(s *server) (n int) {
	for _, line := range clientLines(s) {
		if strings.Contains(line, "AUTH") {
			n++
		}
	}
	return n
}
