package imapconn_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// What a server says against one attempt to log in is not held against the next.
func TestAsideIsOfOneAttempt(t *testing.T) {
	lines := inside("S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256] ready\n" +
		"C: AUTHENTICATE SCRAM-SHA-256-PLUS*\nS: * NO not that one\nS: <tag> NO [CANNOT] no such mechanism\n" +
		"C: AUTHENTICATE SCRAM-SHA-256 *\nS: <tag> NO [AUTHENTICATIONFAILED] wrong")
	_, session, err := open(t, policy.ImplicitTLS, lines, &imapconn.Options{Auth: password()})
	session.Record()
	var refused *auth.Error
	if !errors.As(err, &refused) || refused.Kind != auth.KindCredentials || !strings.Contains(err.Error(), "wrong") || strings.Contains(err.Error(), "not that one") {
		t.Errorf("got %v", err)
	}
}
