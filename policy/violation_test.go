package policy_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mailconn/mailconn/policy"
)

func TestViolation(t *testing.T) {
	cause := errors.New("cause")
	for _, c := range []struct {
		v    policy.Violation
		text string
	}{
		{policy.Violation{}, "policy violated"},
		{policy.Violation{Reason: policy.ErrUnset}, "policy not set"},
		{policy.Violation{Reason: policy.ErrNotOffered, Reply: "BAD no"}, `server does not offer STARTTLS ("BAD no")`},
		{policy.Violation{Reason: policy.ErrVetoed, Err: cause}, "connection in the clear vetoed: cause"},
		{policy.Violation{Reason: policy.ErrLimit, Reply: "x", Err: cause}, `answer from server exceeds limit ("x"): cause`},
		{policy.Violation{Reason: policy.ErrRefused, Reply: "5\"\x1b[2J\u202e\r\n"}, `server refused ("5\"\x1b[2J\u202e\r\n")`},
	} {
		if got := c.v.Error(); got != c.text {
			t.Errorf("%q, want %q", got, c.text)
		}
		wrapped := fmt.Errorf("dial: %w", &c.v)
		var v *policy.Violation
		if !errors.As(wrapped, &v) || v != &c.v {
			t.Errorf("%q: errors.As does not find it", c.text)
		}
		if c.v.Reason != nil && !errors.Is(wrapped, c.v.Reason) {
			t.Errorf("%q: errors.Is does not find the reason", c.text)
		}
		if c.v.Err != nil && !errors.Is(wrapped, c.v.Err) {
			t.Errorf("%q: errors.Is does not find the cause", c.text)
		}
		if errors.Is(wrapped, io.EOF) || errors.Is(wrapped, policy.ErrPreauth) {
			t.Errorf("%q: errors.Is finds what is not there", c.text)
		}
	}
}

// Every reason has a text of its own. The reasons are read from the source, so that
// none is left out.
func TestReasonsDiffer(t *testing.T) {
	source, err := os.ReadFile("violation.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`\tErr\w+ += errors\.New\("(.*)"\)`).FindAllSubmatch(source, -1) {
		if seen[string(m[1])] {
			t.Errorf("two reasons say %q", m[1])
		}
		seen[string(m[1])] = true
	}
	if len(seen) == 0 {
		t.Error("no reasons found")
	}
}

func TestViolationTextIsBounded(t *testing.T) {
	for _, unit := range []string{"x", "é", "漢", "\U0001f4a9", "\xff", "\x1b"} {
		for shift := range 5 {
			long := strings.Repeat("x", shift) + strings.Repeat(unit, 600)
			v := policy.Violation{Reason: policy.ErrMalformed, Reply: long}
			s := v.Error()
			if len(s) > 512 || len(s) < 500 || !utf8.ValidString(s) || !strings.HasSuffix(s, "...") {
				t.Errorf("%q shifted by %d: %d bytes ending in %q", unit, shift, len(s), s[max(0, len(s)-8):])
			}
		}
	}
	v := policy.Violation{Reason: policy.ErrMalformed, Err: errors.New(strings.Repeat("y", 600))}
	if s := v.Error(); len(s) != 512 {
		t.Errorf("with a long cause: %d bytes", len(s))
	}
}

// Only a refusal can be temporary, and only if the parser found a code that says so.
func TestTemporary(t *testing.T) {
	for _, c := range []struct {
		reason          error
		transient, want bool
	}{
		{policy.ErrRefused, true, true},
		{policy.ErrNotOffered, true, true},
		{policy.ErrRefused, false, false},
		{policy.ErrMalformed, true, false},
		{policy.ErrInjected, true, false},
		{nil, true, false},
	} {
		v := policy.Violation{Reason: c.reason, Reply: "454 later", Transient: c.transient}
		if got := v.Temporary(); got != c.want {
			t.Errorf("%v, transient %v: %v", c.reason, c.transient, got)
		}
	}
}
