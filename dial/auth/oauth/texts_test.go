package oauth_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/auth/oauth"
	"github.com/mailconn/mailconn/internal/wire"
)

// errorsOf returns a value of each exported error type, by its name, with text in every
// place that a foreign hand can reach.
func errorsOf(text string) map[string]error {
	said := errors.New(text)
	failed := &oauth.Error{Kind: oauth.KindIssuer, Issuer: text, Endpoint: text, Code: text, Description: text, Err: said}
	return map[string]error{
		"Kind":          oauth.KindTemporary,
		"Error":         failed,
		"ConsentError":  &oauth.ConsentError{Issuer: text, User: text, Err: failed},
		"IdentityError": &oauth.IdentityError{User: text, Identity: text},
	}
}

// Whatever a foreign hand put into an error, its text and its hint are printable and at
// most 512 bytes long.
func TestErrorTexts(t *testing.T) {
	for _, text := range []string{"", "\x1b[31mred\x1b[0m", "line\r\nanother", "\u202etxt.exe", "\xff\xfe", strings.Repeat("x", 1<<20), strings.Repeat("漢", 600), "%s%n"} {
		for name, err := range errorsOf(text) {
			if got := err.Error(); got != wire.Printable(got) || len(got) > 512 {
				t.Errorf("%s of %.20q: %d bytes, %.600q", name, text, len(got), got)
			}
			if h, ok := err.(interface{ Hint() string }); ok {
				if got := h.Hint(); got != wire.Printable(got) || got == "" {
					t.Errorf("%s of %.20q: hint %.600q", name, text, got)
				}
			}
		}
	}
	for _, kind := range []oauth.Kind{
		oauth.KindTemporary, oauth.KindConfiguration, oauth.KindUnsupported, oauth.KindGrant, oauth.KindDenied, oauth.KindExpired, oauth.KindIssuer, oauth.KindStore,
	} {
		if (&oauth.Error{Kind: kind}).Hint() == "" || kind.Error() == "" {
			t.Errorf("%q has no hint", kind)
		}
	}
}

// The list of error types is read from the source, so that none is left out.
func TestErrorTextsAreComplete(t *testing.T) {
	walked := errorsOf("")
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func \(\w+ \*?([A-Z]\w*)\) Error\(\) string`).FindAllStringSubmatch(string(text), -1) {
			if found++; walked[m[1]] == nil {
				t.Errorf("%s is not walked", m[1])
			}
		}
	}
	if found != len(walked) {
		t.Errorf("%d error types", found)
	}
}
