package auth_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
)

const tokenJSON = `{"status":"invalid_token","scope":"mail read","openid-configuration":"http://127.0.0.1:1/x"}`

// One refresh, told what the server said; the refusal is answered as each
// mechanism wants, and the error holds status and scope.
func TestTokenRefresh(t *testing.T) {
	for mechanism, answer := range map[string]string{"OAUTHBEARER": "\x01", "XOAUTH2": ""} {
		for _, p := range protocols {
			for _, good := range []bool{true, false} {
				var scopes []string
				creds := auth.Token{User: testUser, Secret: auth.SourceFunc(func(_ context.Context, refused *auth.Error) (auth.Secret, error) {
					var r *auth.TokenError
					if errors.As(refused, &r) {
						scopes = append(scopes, r.Scope)
						if good {
							return auth.NewSecret(testToken), nil
						}
					}
					return auth.NewSecret("old-" + canary + strconv.Itoa(len(scopes))), nil
				})}
				var answers []string
				s := &server{p: p, lists: []string{mechanism}}
				s.play = func(x *talk, m string) outcome {
					if honest(x, m) == accept {
						return accept
					}
					got, _ := x.ask(tokenJSON)
					answers = append(answers, got)
					return bad
				}
				_, err := login(t, s, creds)
				tries := 2
				if good {
					tries = 1
				}
				if (err == nil) != good || !slices.Equal(scopes, []string{"mail read"}) || len(answers) != tries || answers[0] != answer {
					t.Errorf("%s over %v: %v, scopes %q, answers %q\n%s", mechanism, p, err, scopes, answers, s.transcript())
				}
				var said *auth.TokenError
				if !good && (!errors.As(err, &said) || said.Status != "invalid_token" || said.Scope != "mail read" || said.Discovery == "") {
					t.Errorf("%v", err)
				}
			}
		}
	}
}

// The same token again is not sent again, and a server that accepts what it has
// refused has broken the exchange.
func TestTokenIsNotSentAgain(t *testing.T) {
	calls := 0
	creds := auth.Token{User: "u", Secret: auth.SourceFunc(func(context.Context, *auth.Error) (auth.Secret, error) { calls++; return auth.NewSecret("t"), nil })}
	s := &server{p: policy.IMAP, lists: []string{"OAUTHBEARER"}, play: func(x *talk, _ string) outcome {
		x.ask(`{"status":"insufficient_scope"}`)
		return bad
	}}
	_, err := login(t, s, creds)
	wantOutcome(t, err, auth.KindCredentials, nil)
	s.play = func(x *talk, _ string) outcome { x.ask(tokenJSON); return accept }
	_, err = login(t, s, creds)
	wantOutcome(t, err, auth.KindProtocol, nil)
	if calls != 3 {
		t.Errorf("%d calls", calls)
	}
	if sent := strings.Count(s.transcript(), "C: "); sent != 4 {
		t.Errorf("%d lines sent\n%s", sent, s.transcript())
	}
}

// No word of the caller's lets a token into the clear, nor is it fetched.
func TestTokenNeedsTLS(t *testing.T) {
	creds := auth.Token{User: "u", Secret: auth.SourceFunc(func(context.Context, *auth.Error) (auth.Secret, error) {
		t.Error("source was called")
		return auth.NewSecret("t"), nil
	})}
	on := &transport{list: []string{"OAUTHBEARER", "XOAUTH2"}, answers: []auth.Answer{yes}}
	_, err := auth.Authenticate(t.Context(), nil, on, creds)
	if !errors.Is(err, policy.ErrCleartextAuth) || len(on.log) > 0 {
		t.Errorf("%v, sent %q", err, on.log)
	}
}

// The source has a context that ends with the call and with the Dialer's time,
// and its failure is the cause of ours.
func TestTokenSource(t *testing.T) {
	type key struct{}
	mine := errors.New("no refresh token")
	for _, p := range protocols {
		creds := auth.Token{User: "u", Secret: auth.SourceFunc(func(ctx context.Context, _ *auth.Error) (auth.Secret, error) {
			_, limited := ctx.Deadline()
			if ctx.Value(key{}) != "v" || !limited {
				t.Error("not the caller's context, or without the time limit")
			}
			return auth.Secret{}, mine
		})}
		s := &server{p: p, lists: []string{"XOAUTH2"}, play: honest}
		ctx := context.WithValue(t.Context(), key{}, "v")
		_, err := loginWith(ctx, t, s, creds)
		if !errors.Is(err, mine) {
			t.Error(err)
		}
		wantOutcome(t, err, auth.KindCancelled, nil)
	}
}

func TestBadTokens(t *testing.T) {
	for _, token := range []string{"", "a b", "a\x01b", "a\r\nb", "ü"} {
		s := &server{p: policy.IMAP, lists: []string{"OAUTHBEARER"}, play: func(*talk, string) outcome { t.Error("sent"); return bad }}
		_, err := login(t, s, auth.Token{User: "u", Secret: auth.SourceFunc(func(context.Context, *auth.Error) (auth.Secret, error) { return auth.NewSecret(token), nil })})
		wantOutcome(t, err, auth.KindCancelled, nil)
	}
	source := auth.SourceFunc(func(context.Context, *auth.Error) (auth.Secret, error) { return auth.Secret{}, nil })
	for _, c := range []auth.Token{{Secret: source}, {User: "u"}, {User: "a\x01b", Secret: source}, {User: "u\n", Secret: source}, {User: "u", Secret: source, Mechanisms: []string{"PLAIN"}}} {
		if auth.Check(c) == nil {
			t.Errorf("%q passed", c.User)
		}
	}
}

// What a trace is told of a login, and what Security says of it.
func TestLoginIsTraced(t *testing.T) {
	var told []string
	d := &dial.Dialer{Trace: &dial.Trace{LoginTried: func(_ dial.Endpoint, l dial.Login, err error) {
		told = append(told, l.String())
		if err != nil {
			told = append(told, err.Error())
		}
	}}}
	s := &server{p: policy.POP3, lists: []string{"SCRAM-SHA-256-PLUS"}, play: honest}
	got, err := loginBy(t, s, d, bySCRAM("SCRAM-SHA-256-PLUS"))
	if err != nil || !slices.Equal(told, []string{"SCRAM-SHA-256-PLUS (tls-exporter)"}) || got.String() != told[0] {
		t.Errorf("%q, %v, %v", told, got, err)
	}
}
