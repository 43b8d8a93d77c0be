package auth_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/auth"
)

const canary = "canary-7f3a"

// holder is a program's struct with secrets in it.
type holder struct {
	Name   string
	Public auth.Secret
	hidden auth.Secret
	Ptr    *auth.Secret
	ptr    *auth.Secret
	List   []auth.Secret
	hide   map[string]auth.Secret
	Any    any
	Creds  auth.Credentials
	creds  auth.Credentials
}

func newHolder() holder {
	s := auth.NewSecret(canary)
	p := auth.Password{User: "u", Secret: s}
	return holder{"n", s, s, &s, &s, []auth.Secret{s}, map[string]auth.Secret{"k": s}, s, p, p}
}

func TestSecretIsNotShown(t *testing.T) {
	s, h := auth.NewSecret(canary), newHolder()
	_ = []any{h.hidden, h.ptr, h.hide, h.creds} // only printed
	for _, value := range []any{s, &s, h, &h, []any{s, h}, map[string]any{"k": h}} {
		for _, verb := range strings.Split("v +v #v s q x X d o b c t e f g p T U w 20s -20q #x +s .3s [1]v", " ") {
			got := fmt.Sprintf("%"+verb, value)
			if strings.Contains(got, canary) || strings.Contains(strings.ToLower(got), fmt.Sprintf("%x", canary)) || strings.Contains(got, canary[:4]) {
				t.Errorf("%%%s of %T: %s", verb, value, got)
			}
		}
		for _, got := range []string{fmt.Sprint(value), fmt.Sprintln(value), fmt.Errorf("x: %v", value).Error()} {
			if strings.Contains(got, canary) {
				t.Errorf("%T: %s", value, got)
			}
		}
		var b bytes.Buffer
		opt := &slog.HandlerOptions{AddSource: true}
		slog.New(slog.NewTextHandler(&b, opt)).Info("m", "v", value, slog.Group("g", "v", value))
		slog.New(slog.NewJSONHandler(&b, opt)).Info("m", "v", value, slog.Group("g", "v", value))
		if strings.Contains(b.String(), canary) {
			t.Errorf("slog of %T: %s", value, b.String())
		}
		j, err := json.Marshal(value)
		if err != nil || bytes.Contains(j, []byte(canary)) {
			t.Errorf("JSON of %T: %s, %v", value, j, err)
		}
	}
	for _, got := range []string{s.String(), s.GoString(), s.LogValue().String(), fmt.Sprintf("%v %+v %q %d", s, &s, s, s)} {
		if !strings.Contains(got, "[secret]") {
			t.Errorf("not [secret]: %s", got)
		}
	}
}

func TestSecretIsRead(t *testing.T) {
	var cfg struct{ Password auth.Secret }
	if !cfg.Password.Empty() || !auth.NewSecret("").Empty() {
		t.Error("nothing is not empty")
	}
	if err := json.Unmarshal([]byte(`{"Password":"`+canary+`"}`), &cfg); err != nil || cfg.Password.Empty() {
		t.Fatal(err)
	}
	if cfg.Password.Reveal() != canary || auth.NewSecret(canary).Reveal() != canary {
		t.Error("the secret was changed")
	}
}

// A configuration that was written by a program holds no secret any more.
func TestSecretDoesNotComeBack(t *testing.T) {
	text, err := json.Marshal(auth.NewSecret("s"))
	if err != nil {
		t.Fatal(err)
	}
	s := auth.NewSecret("as before")
	if err := json.Unmarshal(text, &s); err == nil || s.Reveal() != "as before" {
		t.Errorf("%s: %v, %q", text, err, s.Reveal())
	}
}
