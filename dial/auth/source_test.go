package auth_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
)

// secrets is a Source that gives one secret after another, and the last for ever.
type secrets struct {
	list    []string
	err     error         // given instead of a second secret
	refused []*auth.Error // what it was told
}

func (s *secrets) Secret(_ context.Context, refused *auth.Error) (auth.Secret, error) {
	s.refused = append(s.refused, refused)
	if s.err != nil && refused != nil {
		return auth.Secret{}, s.err
	}
	secret := s.list[0]
	if len(s.list) > 1 {
		s.list = s.list[1:]
	}
	return auth.NewSecret(secret), nil
}

var errNoMore = errors.New("no more secrets")

// A source is asked once a login, and once more if its secret is refused. What it
// gives then is tried, unless it is the same.
func TestSource(t *testing.T) {
	for _, c := range []struct {
		name   string
		source *secrets
		kinds  []auth.Kind // of the answers; "" accepts
		asked  int
		sent   []string // the secrets
		want   auth.Kind
	}{
		{"good", &secrets{list: []string{"a1"}}, []auth.Kind{""}, 1, []string{"a1"}, ""},
		{"another one is good", &secrets{list: []string{"a1", "b2"}}, []auth.Kind{auth.KindCredentials, ""}, 2, []string{"a1", "b2"}, ""},
		{"expired", &secrets{list: []string{"a1", "b2"}}, []auth.Kind{auth.KindExpired, ""}, 2, []string{"a1", "b2"}, ""},
		{"another one is refused, too", &secrets{list: []string{"a1", "b2", "c3"}}, []auth.Kind{auth.KindCredentials}, 2, []string{"a1", "b2"}, auth.KindCredentials},
		{"the same again", &secrets{list: []string{"a1"}}, []auth.Kind{auth.KindCredentials}, 2, []string{"a1"}, auth.KindCredentials},
		{"no other", &secrets{list: []string{"a1"}, err: errNoMore}, []auth.Kind{auth.KindCredentials}, 2, []string{"a1"}, auth.KindCredentials},
		{"not the secret's fault", &secrets{list: []string{"a1", "b2"}}, []auth.Kind{auth.KindTemporary}, 1, []string{"a1"}, auth.KindTemporary},
		{"not the secret's fault, either", &secrets{list: []string{"a1", "b2"}}, []auth.Kind{auth.KindRefused}, 1, []string{"a1"}, auth.KindRefused},
	} {
		for _, token := range []bool{false, true} {
			on := &transport{list: []string{"PLAIN", "XOAUTH2"}}
			for _, k := range c.kinds {
				a := no(k)
				if k == "" {
					a = yes
				}
				on.answers = append(on.answers, a)
			}
			source := *c.source
			var creds auth.Credentials = auth.Password{User: "u", Secret: &source}
			form := func(s string) string { return "start PLAIN \x00u\x00" + s }
			if token {
				creds = auth.Token{User: "u", Secret: &source}
				form = func(s string) string { return "start XOAUTH2 user=u\x01auth=Bearer " + s + "\x01\x01" }
			}
			var sent []string
			for _, s := range c.sent {
				sent = append(sent, form(s))
			}
			_, err := authenticate(t, on, creds)
			if len(source.refused) != c.asked || !slices.Equal(on.log, sent) {
				t.Errorf("%s, token %v: asked %d times, sent %q, %v", c.name, token, len(source.refused), on.log, err)
			}
			if (err == nil) != (c.want == "") || c.want != "" && !errors.Is(err, c.want) {
				t.Errorf("%s, token %v: %v", c.name, token, err)
			}
			if source.refused[0] != nil || c.asked > 1 && !errors.Is(source.refused[1], c.kinds[0]) {
				t.Errorf("%s, token %v: told %v", c.name, token, source.refused)
			}
			if c.asked > 1 && source.refused[1].Rejected.Reveal() != c.sent[0] {
				t.Errorf("%s, token %v: it was not told which secret was refused", c.name, token)
			}
			if failed := (*auth.Error)(nil); errors.As(err, &failed) && !failed.Rejected.Empty() {
				t.Errorf("%s, token %v: the secret is in the login's error", c.name, token)
			}
			if source.err != nil && !errors.Is(err, source.err) {
				t.Errorf("%s, token %v: the source's error is lost: %v", c.name, token, err)
			}
		}
	}
}

// sourceError is the error of a source that says what may be done about it.
type sourceError struct{ temporary bool }

func (*sourceError) Error() string     { return "vault is away" }
func (e *sourceError) Temporary() bool { return e.temporary }
func (*sourceError) Hint() string      { return "Open the vault." }

// What a source says about its failure counts, whether it failed when a login began or
// after a refusal.
func TestSourceFails(t *testing.T) {
	for _, temporary := range []bool{true, false} {
		for _, first := range []bool{true, false} {
			source := auth.SourceFunc(func(_ context.Context, refused *auth.Error) (auth.Secret, error) {
				if !first && refused == nil {
					return auth.NewSecret("s"), nil
				}
				return auth.Secret{}, &sourceError{temporary}
			})
			on := &transport{list: []string{"PLAIN"}, answers: []auth.Answer{no(auth.KindCredentials)}}
			_, err := authenticate(t, on, auth.Password{User: "u", Secret: source})
			var failed *auth.Error
			if !errors.As(err, &failed) || failed.Temporary() != temporary || failed.Hint() != "Open the vault." {
				t.Errorf("temporary %v, first %v: %v", temporary, first, err)
			}
			where := &dial.Error{Phase: dial.PhaseAuth, Err: err}
			if where.Temporary() != temporary || where.Hint() != "Open the vault." {
				t.Errorf("temporary %v, first %v: %v, %q", temporary, first, where.Temporary(), where.Hint())
			}
		}
	}
}

// A source that has nothing fit to be sent ends the login before anything is.
func TestBadSource(t *testing.T) {
	mine := errors.New("vault is sealed")
	for name, source := range map[string]auth.SourceFunc{
		"error": func(context.Context, *auth.Error) (auth.Secret, error) { return auth.Secret{}, mine },
		"empty": func(context.Context, *auth.Error) (auth.Secret, error) { return auth.Secret{}, nil },
		"CRLF":  func(context.Context, *auth.Error) (auth.Secret, error) { return auth.NewSecret("a\r\nb"), nil },
	} {
		on := &transport{list: []string{"PLAIN", "OAUTHBEARER"}, answers: []auth.Answer{yes}}
		for _, creds := range []auth.Credentials{auth.Password{User: "u", Secret: source}, auth.Token{User: "u", Secret: source}} {
			_, err := authenticate(t, on, creds)
			if !errors.Is(err, auth.KindCancelled) || name == "error" && !errors.Is(err, mine) || len(on.log) > 0 {
				t.Errorf("%s, %T: %v, sent %q", name, creds, err, on.log)
			}
		}
	}
	var none *auth.Secret
	for _, source := range []auth.Source{nil, auth.SourceFunc(nil), auth.Secret{}, none} {
		if auth.Check(auth.Password{User: "u", Secret: source}) == nil || auth.Check(auth.Token{User: "u", Secret: source}) == nil {
			t.Errorf("%T passed", source)
		}
	}
}

// A source is not asked where its secret may not be sent, or cannot be.
func TestSourceIsNotAsked(t *testing.T) {
	source := auth.SourceFunc(func(context.Context, *auth.Error) (auth.Secret, error) {
		t.Error("asked")
		return auth.NewSecret("s"), nil
	})
	on := &transport{list: []string{"X"}}
	if _, err := auth.Authenticate(t.Context(), nil, on, auth.Password{User: "u", Secret: source}); !errors.Is(err, policy.ErrCleartextAuth) {
		t.Error(err)
	}
	for _, creds := range []auth.Credentials{auth.Password{User: "u", Secret: source}, auth.Token{User: "u", Secret: source}} {
		if _, err := authenticate(t, on, creds); !errors.Is(err, auth.KindMechanism) {
			t.Error(err)
		}
	}
}

// A binding is used once on a connection, so its refusal is the login's end.
func TestSourceIsNotAskedAfterBinding(t *testing.T) {
	for _, p := range protocols {
		source := &secrets{list: []string{"wrong-1", testPassword}}
		s := &server{p: p, lists: []string{"SCRAM-SHA-256-PLUS", "PLAIN"}, play: func(x *talk, mechanism string) outcome {
			honest(x, mechanism)
			return bad
		}}
		_, err := login(t, s, auth.Password{User: testUser, Secret: source, RequireBinding: true})
		if err == nil || len(source.refused) != 1 {
			t.Errorf("%v: asked %d times, %v", p, len(source.refused), err)
		}
	}
}

// Whatever the kind, errors.Is finds it from the outside.
func TestKindIsInTheChain(t *testing.T) {
	s := &server{p: policy.IMAP, lists: []string{"PLAIN"}, play: func(*talk, string) outcome { return bad }}
	_, err := login(t, s, bySCRAM("PLAIN"))
	var where *dial.Error
	var kind auth.Kind
	if !errors.As(err, &where) || !errors.Is(err, auth.KindCredentials) || errors.Is(err, auth.KindTemporary) {
		t.Errorf("%v", err)
	}
	if !errors.As(err, &kind) || kind != auth.KindCredentials {
		t.Errorf("kind %v in %v", kind, err)
	}
}
