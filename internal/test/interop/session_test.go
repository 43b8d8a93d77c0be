package interop

import (
	"context"
	"strings"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
)

// credentials returns those of alice for a mechanism as a table names it:
// "none", "any", or SASL's name with "!" behind it for InsecureAuth.
func credentials(mechanism string) (cred auth.Credentials, insecure bool) {
	mechanism, insecure = strings.CutSuffix(mechanism, "!")
	password := auth.Password{User: servers.Alice, Password: auth.NewSecret(servers.Secret)}
	switch mechanism {
	case "none":
		return nil, insecure
	case "any":
		return password, insecure
	case "EXTERNAL":
		return auth.External{}, insecure
	case "OAUTHBEARER", "XOAUTH2":
		return auth.Token{User: servers.Alice, Mechanisms: []string{mechanism}, Source: token}, insecure
	}
	password.Mechanisms = []string{named(mechanism)}
	return password, insecure
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

func token(context.Context) (auth.Secret, error) {
	return auth.NewSecret(servers.Token(servers.Alice)), nil
}
