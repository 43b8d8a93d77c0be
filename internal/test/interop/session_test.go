package interop

import (
	"context"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/smtpconn"
)

// session is what the three clients have in common.
type session interface {
	Security() dial.Security
	Close() error
}

// farewell ends a session as its protocol wants it.
func farewell(s session) {
	switch s := s.(type) {
	case *imapconn.Client:
		s.Logout().Wait()
	case *pop3conn.Client:
		s.Quit(context.Background())
	case *smtpconn.Client:
		s.Quit()
	}
	s.Close()
}

// open begins a session on conn.
func open(ctx context.Context, conn *dial.Conn, cred auth.Credentials) (session, error) {
	switch conn.Security().Endpoint.Protocol {
	case policy.IMAP:
		return some(imapconn.New(ctx, conn, &imapconn.Options{Auth: cred}))
	case policy.POP3:
		return some(pop3conn.New(ctx, conn, &pop3conn.Options{Auth: cred}))
	}
	return some(smtpconn.New(ctx, conn, &smtpconn.Options{Auth: cred}))
}

// some keeps a nil client from becoming an interface that is not nil.
func some[S session](s S, err error) (session, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// credentials returns those of alice for a mechanism as a table names it:
// "none", "any", or SASL's name with "!" behind it for InsecureCleartext.
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
