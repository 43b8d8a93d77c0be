package auth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
)

// The same kind from all protocols for the same cause.
func TestSameKinds(t *testing.T) {
	for _, c := range []struct {
		p     policy.Protocol
		reply string
		kind  auth.Kind
	}{
		{policy.IMAP, "NO [AUTHENTICATIONFAILED] x", auth.KindCredentials},
		{policy.IMAP, "NO [AUTHORIZATIONFAILED] x", auth.KindDisabled},
		{policy.Submission, "535 5.7.8 x", auth.KindCredentials},
		{policy.Submission, "535 x", auth.KindCredentials},
		{policy.POP3, "-ERR [AUTH] x", auth.KindCredentials},
		{policy.IMAP, "NO x", auth.KindCredentials},
		{policy.POP3, "-ERR x", auth.KindCredentials},

		{policy.IMAP, "NO [UNAVAILABLE] x", auth.KindTemporary},
		{policy.IMAP, "NO [LIMIT] x", auth.KindLimit},
		{policy.Submission, "454 4.7.0 x", auth.KindTemporary},
		{policy.Submission, "421 4.3.2 x", auth.KindTemporary},
		{policy.POP3, "-ERR [SYS/TEMP] x", auth.KindTemporary},
		{policy.POP3, "-ERR [LOGIN-DELAY] x", auth.KindLimit},

		{policy.IMAP, "NO [INUSE] x", auth.KindInUse},
		{policy.POP3, "-ERR [IN-USE] x", auth.KindInUse},

		{policy.IMAP, "NO [EXPIRED] x", auth.KindExpired},
		{policy.Submission, "432 4.7.12 x", auth.KindExpired},
		{policy.Submission, "432 x", auth.KindExpired},

		{policy.IMAP, "NO [PRIVACYREQUIRED] x", auth.KindTLSRequired},
		{policy.Submission, "538 5.7.11 x", auth.KindTLSRequired},
		{policy.Submission, "530 5.7.0 x", auth.KindTLSRequired},

		{policy.IMAP, "NO [CANNOT] x", auth.KindMechanism},
		{policy.IMAP, "BAD x", auth.KindMechanism},
		{policy.Submission, "534 5.7.9 x", auth.KindMechanism},
		{policy.Submission, "550 5.7.30 x", auth.KindDisabled},
		{policy.Submission, "504 5.5.4 x", auth.KindMechanism},

		{policy.IMAP, "NO [CONTACTADMIN] x", auth.KindRefused},
		{policy.Submission, "554 5.7.1 x", auth.KindRefused},
		{policy.POP3, "-ERR [SYS/PERM] x", auth.KindRefused},
	} {
		s := &server{p: c.p, lists: []string{"PLAIN"}, play: func(x *talk, _ string) outcome {
			x.say(x.tag + c.reply)
			return hangUp
		}}
		_, err := login(t, s, bySCRAM("PLAIN"))
		var failed *auth.Error
		if c.reply[:3] == "421" && err != nil && !errors.As(err, &failed) {
			continue // a server that leaves is the connection's end, not a verdict
		}
		wantOutcome(t, err, c.kind, nil)
		if errors.As(err, &failed) && failed.Temporary() != (c.kind == auth.KindTemporary || c.kind == auth.KindInUse || c.kind == auth.KindLimit) {
			t.Errorf("%s: temporary is %v", c.reply, failed.Temporary())
		}
	}
}

// Round trips of an authentication whose initial response goes along: commands
// and responses that the client sends. SCRAM's third is the empty response to
// the server's proof, which none of the three protocols lets a server send with
// its final answer (RFC 4954 §4, RFC 5034 §4, RFC 9051 §6.2.2).
func TestRoundTrips(t *testing.T) {
	for mechanism, want := range map[string]int{"PLAIN": 1, "EXTERNAL": 1, "OAUTHBEARER": 1, "XOAUTH2": 1, "SCRAM-SHA-256": 3, "SCRAM-SHA-256-PLUS": 3, "CRAM-MD5": 2} {
		for _, p := range protocols {
			for _, w := range ways {
				if w.name != mechanism {
					continue
				}
				s := &server{p: p, lists: []string{mechanism}}
				trips := 0
				s.play = func(x *talk, m string) outcome {
					o := honest(x, m)
					trips = x.answered + 1
					return o
				}
				if _, err := login(t, s, w.creds); err != nil || trips != want {
					t.Errorf("%s over %v: %d round trips, want %d, %v", mechanism, p, trips, want, err)
				}
			}
		}
	}
}

// An initial response that does not fit on the command's line waits for its
// challenge: 512 octets in SMTP (RFC 4954 §4), 255 in POP3 (RFC 5034 §4).
func TestLongInitialResponse(t *testing.T) {
	for p, trips := range map[policy.Protocol]int{policy.IMAP: 1, policy.Submission: 2, policy.POP3: 2} {
		s := &server{p: p, lists: []string{"PLAIN"}}
		got := 0
		s.play = func(x *talk, _ string) outcome {
			x.first()
			got = x.answered + 1
			return accept
		}
		long := auth.NewSecret(strings.Repeat("p", 400))
		if _, err := login(t, s, auth.Password{User: "u", Secret: long}); err != nil || got != trips {
			t.Errorf("%v: %d round trips, want %d, %v", p, got, trips, err)
		}
	}
}
