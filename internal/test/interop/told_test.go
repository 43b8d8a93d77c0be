package interop

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/internal/test/sessions"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

var update = flag.Bool("update", false, "write testdata/told.txt anew")

// TestTold compares what a person is told when a real server refuses, word for word: the
// verdict, and the hint. Each line of testdata/told.txt begins with server, protocol and
// what was tried.
func TestTold(t *testing.T) {
	told, mu := map[string]string{}, sync.Mutex{}
	note := func(server string, p policy.Protocol, what string, err error) {
		mu.Lock()
		defer mu.Unlock()
		told[fmt.Sprintf("%s %s, %s", server, p, what)] = tell(err)
	}
	t.Run("servers", func(t *testing.T) {
		for server, protocols := range map[string][]policy.Protocol{
			"dovecot": {policy.IMAP, policy.POP3, policy.Submission}, "cyrus": {policy.IMAP, policy.POP3},
			"postfix": {policy.Submission}, "exim": {policy.Submission},
		} {
			t.Run(server, func(t *testing.T) {
				t.Parallel()
				lab := servers.New(t)
				started := starts[server](lab)
				for _, p := range protocols {
					c := newClient(t, lab, started, servers.Alice)
					for what, err := range c.refusals(server, p) {
						note(server, p, what, err)
					}
				}
			})
		}
	})
	const file = "told.txt"
	var all strings.Builder
	for _, key := range slices.Sorted(maps.Keys(told)) {
		fmt.Fprintf(&all, "%s\n\t%s\n", key, told[key])
	}
	if *update {
		if err := os.WriteFile(filepath.Join("testdata", file), []byte(all.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(must(os.ReadFile(filepath.Join("testdata", file)))(t)); all.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &all, want)
	}
}

// tell puts verdict and hint of a refusal on two lines.
func tell(err error) string {
	var failed *dial.Error
	var send *smtpconn.SendError
	switch {
	case err == nil:
		return "no error"
	case errors.As(err, &send):
		return fmt.Sprintf("%s, at fault %v\n\t%v", sent(nil, err), send.MessageAtFault(), err)
	case errors.As(err, &failed):
		w := word(failed)
		if a := (*auth.Error)(nil); errors.As(err, &a) && a.Guessed {
			w += ",probably"
		}
		return w + "\n\t" + failed.Hint()
	}
	return err.Error()
}

// refusals are what a server refuses, by what was tried.
func (c client) refusals(server string, p policy.Protocol) map[string]error {
	all := map[string]error{}
	for _, way := range []string{"wrong-password", "unknown-user", "locked"} {
		if way != "locked" || server == "dovecot" { // which alone knows of locked accounts
			all[strings.ReplaceAll(way, "-", " ")] = c.failing(way, p.String())
		}
	}
	dial := func(creds auth.Credentials) (sessions.Session, error) {
		d := dialer(c.lab, find(c.server, p, policy.RequiredSTARTTLS, servers.Good), false)
		return sessions.Dial(c.t.Context(), d, endpoint(p, policy.RequiredSTARTTLS), creds)
	}
	var off auth.Credentials = auth.Password{User: c.user, Secret: auth.NewSecret(c.secret), Mechanisms: []string{"SCRAM-SHA-1-PLUS"}}
	if server == "cyrus" { // which has all that a password can use
		off = auth.External{}
	}
	_, all["mechanism that is off"] = dial(off)
	_, all["wrong token"] = dial(auth.Token{User: c.user, Secret: auth.NewSecret("no-such-token")})
	if p == policy.Submission {
		all["mail too large"], all["mail too large, without SIZE"] = c.send("too-long"), c.send("size-hidden")
	}
	if limit := crowds[server]; limit != "" && (server != "dovecot" || p != policy.Submission) {
		all["too many connections"] = c.crowd(p, limit)
	}
	return all
}

// crowds are variants that allow few connections.
var crowds = map[string]servers.Variant{"dovecot": servers.TwoAtOnce, "postfix": servers.TwoAtOnce, "exim": servers.OneAtOnce}

// crowd connects until it is refused.
func (c client) crowd(p policy.Protocol, v servers.Variant) error {
	if p == policy.Submission {
		p = policy.SMTP
	}
	place := servers.Place{Protocol: p, Implicit: p != policy.SMTP, Variant: v}
	addr := c.server.Addr(place)
	pol, creds := policy.ImplicitTLS, credentials("PLAIN")
	if p == policy.SMTP {
		pol, creds = policy.RequiredSTARTTLS, nil
	}
	for range 20 {
		s, err := sessions.Dial(c.t.Context(), dialer(c.lab, addr, false), endpoint(p, pol), creds)
		if err != nil {
			return err
		}
		defer s.Close()
	}
	return nil
}

// send sends a message that is refused.
func (c client) send(kind string) error {
	s := must(c.smtp(policy.Submission, policy.RequiredSTARTTLS))(c.t)
	defer s.Close()
	e, content := mail[kind]()
	_, err := s.Send(c.t.Context(), e, content)
	return err
}
