package interop

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
)

// TestLogin tries logins that must fail. Columns of testdata/login.txt are
// SERVER-PROTOCOL.
func TestLogin(t *testing.T) {
	want := readGrid(t, filepath.Join("testdata", "login.txt"))
	for _, column := range want.columns {
		t.Run(column, func(t *testing.T) {
			t.Parallel()
			name, protocol, _ := strings.Cut(column, "-")
			lab := servers.New(t)
			server := starts[name](lab)
			for _, row := range want.rows {
				if want.has(row, column) {
					err := newClient(t, lab, server, servers.Alice).failing(row, protocol)
					want.compare(t, row, column, loginWord(t, err))
				}
			}
		})
	}
}

// failing tries to log in in one of the ways that must fail.
func (c client) failing(way, protocol string) (err error) {
	switch way {
	case "wrong-password":
		c.secret = "not-the-" + c.secret
	case "unknown-user":
		c.user = "nobody"
	case "locked":
		c.user = servers.Locked
	}
	switch protocol {
	case "imap":
		_, err = c.imap(policy.RequiredSTARTTLS, imapconn.Options{})
	case "pop3":
		_, err = c.pop3(policy.RequiredSTARTTLS)
	default:
		_, err = c.smtp(policy.Submission, policy.RequiredSTARTTLS)
	}
	return err
}

// loginWord is word, and looks for what no error may hold or lack.
func loginWord(t *testing.T, err error) string {
	t.Helper()
	var failed *dial.Error
	if !errors.As(err, &failed) {
		return "in"
	}
	if strings.Contains(err.Error(), servers.Secret) {
		t.Errorf("the password is in the error: %v", err)
	}
	t.Log(err)
	return word(err)
}
