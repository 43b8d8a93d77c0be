package oauth_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/auth/oauth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

// mailServer is a POP3 server that takes tokens.
type mailServer struct {
	*dialtest.Server
	t       *testing.T
	refusal string // what it says of a token that it does not take, in JSON

	mu     sync.Mutex
	good   string   // the token that it takes
	tokens []string // those that it was given
}

func newMailServer(t *testing.T, mechanism, refusal string) *mailServer {
	t.Helper()
	s := &mailServer{t: t, refusal: refusal}
	srv, err := dialtest.NewServer(dialtest.Config{
		Protocol: policy.POP3, Implicit: true, Mechanisms: []string{mechanism},
		Accept: func(user, _ string) bool { return user == testUser },
		Rules: []dialtest.Rule{
			{At: "AUTH", Choose: s.judge},
			{At: "", Reply: "-ERR [AUTH] no"},     // what XOAUTH2 answers a refusal with
			{At: "AQ==", Reply: "-ERR [AUTH] no"}, // and OAUTHBEARER
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	s.Server = srv
	return s
}

// judge refuses a token that is not the good one.
func (s *mailServer) judge(m dialtest.Moment) dialtest.Rule {
	message, err := base64.StdEncoding.DecodeString(m.Command[strings.LastIndex(m.Command, " ")+1:])
	if err != nil {
		s.t.Errorf("%q: %v", m.Command, err)
	}
	_, token, _ := strings.Cut(string(message), "auth=Bearer ")
	token = strings.TrimRight(token, "\x01")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens = append(s.tokens, token); token == s.good {
		return dialtest.Rule{}
	}
	return dialtest.Rule{Reply: "+ " + base64.StdEncoding.EncodeToString([]byte(s.refusal))}
}

func (s *mailServer) accept(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.good = token
}

// login logs in with tokens of a, and returns the transcript.
func (s *mailServer) login(a *oauth.Account) (transcript string, err error) {
	var text strings.Builder
	d := &dial.Dialer{TLSConfig: s.ClientConfig(), Transcript: &text, LocalName: "client.test"}
	c, err := pop3conn.Dial(s.t.Context(), s.Endpoint(policy.ImplicitTLS), &pop3conn.Options{Dialer: d, Auth: auth.Token{User: testUser, Secret: a}})
	if err == nil {
		err = c.Quit(s.t.Context())
	}
	return text.String(), err
}

const invalidToken = `{"status":"invalid_token","scope":"mail","openid-configuration":"https://evil.test/.well-known/openid-configuration"}`

// The configuration that a mail server names is shown, and never asked for.
func TestRow10Configuration(t *testing.T) {
	for _, mechanism := range []string{"OAUTHBEARER", "XOAUTH2"} {
		is, evil := newIssuer(testIssuer), newIssuer("https://evil.test")
		c := is.config()
		c.Transport = hosts{"login.test": is, "evil.test": evil}
		a := signedIn(t, is, c)
		_, err := newMailServer(t, mechanism, invalidToken).login(a)
		var said *auth.TokenError
		if !errors.As(err, &said) || said.Discovery != "https://evil.test/.well-known/openid-configuration" || said.Status != "invalid_token" {
			t.Errorf("%s: %v", mechanism, err)
		}
		if !strings.Contains(fmt.Sprint(err), "https://evil.test/.well-known/openid-configuration") {
			t.Errorf("%s: not shown in %v", mechanism, err)
		}
		if got := evil.seen(""); got != nil {
			t.Errorf("%s: asked: %q", mechanism, got)
		}
		if is.refreshes() != 1 {
			t.Errorf("%s: %d refreshes", mechanism, is.refreshes())
		}
	}
}

// A token that the mail server rejects is refreshed once. If the new one is rejected, too,
// the login fails.
func TestRow12Rejected(t *testing.T) {
	for _, mechanism := range []string{"OAUTHBEARER", "XOAUTH2"} {
		is := newIssuer(testIssuer)
		a := signedIn(t, is, is.config())
		s := newMailServer(t, mechanism, invalidToken)
		s.accept("access-access-access-1")
		if _, err := s.login(a); err != nil || is.refreshes() != 1 || len(s.tokens) != 2 {
			t.Errorf("%s: %v after %d refreshes, tokens %q", mechanism, err, is.refreshes(), s.tokens)
		}
		s.accept("")
		_, err := s.login(a)
		var failed *auth.Error
		if !errors.As(err, &failed) || failed.Kind != auth.KindCredentials || failed.Temporary() || is.refreshes() != 2 || len(s.tokens) != 4 {
			t.Errorf("%s: %v after %d refreshes, tokens %q", mechanism, err, is.refreshes(), s.tokens)
		}
	}
}

// When no other token can be had, the login's error says what to do.
func TestRow12NoOther(t *testing.T) {
	for name, c := range map[string]struct {
		status    int
		code      string
		temporary bool
	}{
		"consent":   {400, "invalid_grant", false},
		"temporary": {503, "", true},
	} {
		is := newIssuer(testIssuer)
		a := signedIn(t, is, is.config())
		is.override = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == "POST" {
				refuse(w, c.status, c.code)
			}
			return r.Method == "POST"
		}
		_, err := newMailServer(t, "OAUTHBEARER", invalidToken).login(a)
		var where *dial.Error
		var consent *oauth.ConsentError
		var said *auth.TokenError
		if !errors.As(err, &where) || where.Temporary() != c.temporary || errors.As(err, &consent) == c.temporary || !errors.As(err, &said) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var own interface{ Hint() string }
		if errors.As(err, &own); consent != nil {
			own = consent
		}
		if where.Hint() == "" || consent != nil && where.Hint() != own.Hint() {
			t.Errorf("%s: hint %q", name, where.Hint())
		}
	}
}
