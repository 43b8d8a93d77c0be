package dnslab

import (
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What examples/check finds about the hosts that take mail for a domain, by the rows that are
// not verified by DANE. For all others it has nothing to say.
func notVerified() map[string]string {
	const unverified = "mx-not-verified"
	return map[string]string{
		"unusable-usage.signed.example": unverified, "unusable-matching.signed.example": unverified,
		"unusable-short.signed.example": unverified, "unusable-no-tls.signed.example": unverified,
		"none.signed.example": unverified, "none-no-tls.signed.example": unverified, "out.signed.example": unverified,
		"ee.plain.example": unverified, "wrong.plain.example": unverified, "no-tls.plain.example": unverified,
		"absent.signed.example": "no-domain", "ee.bogus.example": "offline",
	}
}

// TestCheck has examples/check look at domains with and without TLSA records, by a resolver
// that validates.
func TestCheck(t *testing.T) {
	w := ownWorld(t)
	if w == nil {
		return
	}
	program := filepath.Join(t.TempDir(), "check")
	build := exec.Command("go", "build", "-o", program, "./examples/check")
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, r := range w.rows {
		domain := r.name + "." + r.zone
		got := checked(t, program, domain)
		if want := notVerified()[domain]; got != want {
			t.Errorf("%s: %q, want %q", domain, got, want)
		}
		t.Logf("%-36s %s", domain, got)
	}
}

// checked returns what the program finds about the hosts that take a domain's mail.
func checked(t *testing.T, program, domain string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, "-json", "joe@"+domain).Output()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	var report struct{ Findings []struct{ ID string } }
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var found []string
	for _, f := range report.Findings {
		if strings.HasPrefix(f.ID, "mx-") || f.ID == "no-domain" || f.ID == "offline" {
			found = append(found, f.ID)
		}
	}
	return strings.Join(found, " ")
}
