package interop

import (
	"context"
	"strings"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
)

// credentials returns those of alice for a mechanism as a table names it:
// "none", "any", or SASL's name with "!" after it for InsecureCleartext.
func credentials(mechanism string) auth.Credentials {
	mechanism, insecure := strings.CutSuffix(mechanism, "!")
	password := auth.Password{User: servers.Alice, Secret: auth.NewSecret(servers.Secret), InsecureCleartext: insecure}
	switch mechanism {
	case "none":
		return nil
	case "any":
		return password
	case "EXTERNAL":
		return auth.External{}
	case "OAUTHBEARER", "XOAUTH2":
		return auth.Token{User: servers.Alice, Mechanisms: []string{mechanism}, Secret: auth.SourceFunc(token)}
	}
	password.Mechanisms = []string{named(mechanism)}
	return password
}

// named returns a mechanism's name as the library has it: a table's has no
// blank and no slash.
func named(mechanism string) string {
	switch mechanism {
	case "IMAP-LOGIN":
		return "IMAP LOGIN"
	case "USER-PASS":
		return "USER/PASS"
	}
	return mechanism
}

func token(context.Context, *auth.Error) (auth.Secret, error) {
	return auth.NewSecret(servers.Token(servers.Alice)), nil
}
