package auth_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path"
	"reflect"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/smtpconn"
)

// withSecrets are values of all exported structs that credentials come near.
func withSecrets(t *testing.T) []any {
	secret := auth.NewSecret(canary)
	password := auth.Password{User: testUser, Secret: secret}
	tok := byToken("OAUTHBEARER")
	values := []any{
		secret, password, tok, auth.External{}, auth.Anonymous{},
		auth.SASL{Start: func() (sasl.Client, error) { return sasl.NewPlainClient("", "u", canary), nil }},
		imapconn.Options{Auth: password}, &smtpconn.Options{Auth: tok}, pop3conn.Options{Auth: password},
		dial.Trace{}, dial.Dialer{},
	}
	for _, p := range protocols { // after a login, and after one that failed with everything echoed
		for _, creds := range []auth.Credentials{bySCRAM("SCRAM-SHA-256-PLUS"), bySCRAM("PLAIN"), tok} {
			for _, echo := range []bool{false, true} {
				values = append(values, afterLogin(t, p, creds, echo)...)
			}
		}
	}
	return values
}

func afterLogin(t *testing.T, p policy.Protocol, creds auth.Credentials, echo bool) []any {
	var traced []any
	d := &dial.Dialer{Trace: &dial.Trace{
		LoginTried: func(e dial.Endpoint, l dial.Login, err error) { traced = append(traced, e, l, err) },
		PhaseDone:  func(_ dial.Endpoint, ph dial.Phase, err error) { traced = append(traced, ph, err) },
	}}
	s := &server{p: p, lists: []string{"SCRAM-SHA-256-PLUS", "PLAIN", "OAUTHBEARER"}, play: honest}
	if echo {
		s.play = func(x *talk, _ string) outcome {
			got, _ := x.first()
			quoted, _ := json.Marshal(map[string]string{"status": "x " + got, "scope": got})
			x.ask(string(quoted))
			return bad
		}
	}
	client, peer := net.Pipe()
	go s.serve(tls.Server(peer, serverTLS(t, 0)))
	conn := connect(t, client, p, d)
	defer conn.Abort()
	_, err := enter(t.Context(), conn, p, creds)
	if (err == nil) == echo {
		t.Errorf("%v: %v", p, err)
	}
	values := append(traced, conn.Security(), conn, err)
	return append(values, chain(err)...)
}

// chain returns err and all errors below it.
func chain(err error) []any {
	if err == nil {
		return nil
	}
	values := []any{err}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		values = append(values, chain(e.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, below := range e.Unwrap() {
			values = append(values, chain(below)...)
		}
	}
	return values
}

func TestNoTypeShowsSecrets(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range withSecrets(t) {
		if v == nil {
			continue
		}
		rt := reflect.TypeOf(v)
		if rt.Kind() == reflect.Pointer {
			rt = rt.Elem()
		}
		seen[path.Base(rt.PkgPath())+"."+rt.Name()] = true
		for name, text := range shown(v) {
			if strings.Contains(text, canary) || strings.Contains(text, fmt.Sprintf("%x", canary)) {
				t.Errorf("%s of %T: %.300s", name, v, text)
			}
		}
	}
	for _, name := range exportedStructs(t, ".") {
		if !seen["auth."+name] {
			t.Errorf("auth.%s was not looked at", name)
		}
	}
}

// shown is every way in which a value gets into a log.
func shown(v any) map[string]string {
	out := map[string]string{"panic": panicText(v)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		out[verb] = fmt.Sprintf(verb, v)
	}
	if j, err := json.Marshal(v); err == nil {
		out["JSON"] = string(j)
	}
	var b strings.Builder
	slog.New(slog.NewJSONHandler(&b, nil)).Log(context.Background(), slog.LevelInfo, "m", "v", v)
	slog.New(slog.NewTextHandler(&b, nil)).Log(context.Background(), slog.LevelInfo, "m", "v", v)
	out["slog"] = b.String()
	return out
}

func panicText(v any) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	panic(v)
}

// exportedStructs names the exported struct types of a package that are not
// only what others bring, as Answer.
func exportedStructs(t *testing.T, dir string) []string {
	var names []string
	files, err := fs.Glob(os.DirFS(dir), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path.Join(dir, file), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.IsExported() && spec.Name.Name != "Answer" {
				if _, isStruct := spec.Type.(*ast.StructType); isStruct {
					names = append(names, spec.Name.Name)
				}
			}
			return true
		})
	}
	return names
}
