package legacy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/legacy"
	"github.com/mailconn/mailconn/policy"
)

// rows are configurations as programs of many years have them, and what comes of
// them: a URL, or words of the error.
func rows() []struct {
	name string
	s    legacy.Settings
	want string
} {
	const h = "h.test"
	type s = legacy.Settings
	const on, off = legacy.On, legacy.Off
	imap, pop, sub, smtp := policy.IMAP, policy.POP3, policy.Submission, policy.SMTP
	return []struct {
		name string
		s    legacy.Settings
		want string
	}{
		{"an alert manager: smarthost host:587", s{Protocol: sub, Host: h + ":587", RequireTLS: on}, "submission://h.test:587"},
		{"the same, TLS not required", s{Protocol: sub, Host: h + ":587", RequireTLS: off}, "submission://h.test:587"},
		{"the same on 465", s{Protocol: sub, Host: h + ":465", RequireTLS: on}, "submissions://h.test:465"},
		{"the same on 25", s{Protocol: sub, Host: h + ":25", RequireTLS: on}, "submission://h.test:25"},
		{"the same on 2525", s{Protocol: sub, Host: h + ":2525", RequireTLS: on}, "! port 2525 is not a registered one"},
		{"nothing but host and 587", s{Protocol: sub, Host: h, Port: 587}, "submission://h.test:587"},
		{"nothing but host and 465", s{Protocol: sub, Host: h, Port: 465}, "submissions://h.test:465"},
		{"nothing but host and 25", s{Protocol: smtp, Host: h, Port: 25}, "smtp://h.test:25"},
		{"nothing but host and 587, to a relay", s{Protocol: smtp, Host: h, Port: 587}, "smtp://h.test:587"},
		{"nothing but a host", s{Protocol: sub, Host: h}, "submissions://h.test:465"},
		{"nothing but a mailbox's host", s{Protocol: imap, Host: h}, "imaps://h.test:993"},
		{"ssl: true on 465", s{Protocol: sub, Host: h, Port: 465, TLS: on}, "submissions://h.test:465"},
		{"tls: true on 587", s{Protocol: sub, Host: h, Port: 587, TLS: on}, "submission://h.test:587"},
		{"tls: true on an odd port", s{Protocol: sub, Host: h, Port: 2465, TLS: on}, "! port 2465 is not a registered one"},
		{"tls: true, starttls: false on an odd port", s{Protocol: sub, Host: h, Port: 2465, TLS: on, STARTTLS: off}, "submissions://h.test:2465"},
		{"tls: true, starttls: false on 587", s{Protocol: sub, Host: h, Port: 587, TLS: on, STARTTLS: off}, "! registered for required-starttls"},
		{"tls: true, starttls: true on 587", s{Protocol: sub, Host: h, Port: 587, TLS: on, STARTTLS: on}, "submission://h.test:587"},
		{"tls: true, starttls: true on 465", s{Protocol: sub, Host: h, Port: 465, TLS: on, STARTTLS: on}, "! registered for implicit-tls"},
		{"starttls: true on 587", s{Protocol: sub, Host: h, Port: 587, STARTTLS: on}, "submission://h.test:587"},
		{"starttls: true on an odd port", s{Protocol: sub, Host: h, Port: 2587, STARTTLS: on}, "submission://h.test:2587"},
		{"starttls: true without a port", s{Protocol: sub, Host: h, STARTTLS: on}, "submission://h.test:587"},
		{"starttls: true on 465", s{Protocol: sub, Host: h, Port: 465, STARTTLS: on}, "! registered for implicit-tls"},
		{"starttls: true, require_tls: false", s{Protocol: sub, Host: h, Port: 587, STARTTLS: on, RequireTLS: off}, "submission+opportunistic://h.test:587"},
		{"starttls: true, require_tls: true", s{Protocol: sub, Host: h, Port: 587, STARTTLS: on, RequireTLS: on}, "submission://h.test:587"},
		{"tls: false on 587", s{Protocol: sub, Host: h, Port: 587, TLS: off}, "submission://h.test:587"},
		{"tls: false, starttls: true", s{Protocol: sub, Host: h, Port: 587, TLS: off, STARTTLS: on}, "submission://h.test:587"},
		{"tls: false, starttls: false", s{Protocol: smtp, Host: "127.0.0.1", Port: 25, TLS: off, STARTTLS: off}, "smtp+plain://127.0.0.1:25"},
		{"tls: false, starttls: false on 465", s{Protocol: sub, Host: h, Port: 465, TLS: off, STARTTLS: off}, "! registered for implicit-tls"},
		{"tls: false, starttls: false, required", s{Protocol: sub, Host: h, Port: 587, TLS: off, STARTTLS: off, RequireTLS: on}, "! both ways to it are off"},
		{"encryption: none", s{Protocol: smtp, Host: "127.0.0.1", Port: 1025, Encryption: "none"}, "smtp+plain://127.0.0.1:1025"},
		{"encryption: none, tls: true", s{Protocol: smtp, Host: h, Port: 25, Encryption: "none", TLS: on}, "! a switch turns TLS on"},
		{"encryption: none on 993", s{Protocol: imap, Host: h, Port: 993, Encryption: "none"}, "! registered for implicit-tls"},
		{"encryption: ssl", s{Protocol: imap, Host: h, Encryption: "ssl"}, "imaps://h.test:993"},
		{"encryption: SSL/TLS on 993", s{Protocol: imap, Host: h, Port: 993, Encryption: "SSL/TLS"}, "imaps://h.test:993"},
		{"encryption: ssl on an odd port", s{Protocol: imap, Host: h, Port: 9993, Encryption: "ssl"}, "imaps://h.test:9993"},
		{"encryption: ssl on 143", s{Protocol: imap, Host: h, Port: 143, Encryption: "ssl"}, "! registered for required-starttls"},
		{"encryption: STARTTLS", s{Protocol: imap, Host: h, Encryption: "STARTTLS"}, "imap://h.test:143"},
		{"encryption: starttls on 110", s{Protocol: pop, Host: h, Port: 110, Encryption: "starttls"}, "pop3://h.test:110"},
		{"encryption: tls on 995", s{Protocol: pop, Host: h, Port: 995, Encryption: "tls"}, "pop3s://h.test:995"},
		{"encryption: tls on 110", s{Protocol: pop, Host: h, Port: 110, Encryption: "tls"}, "pop3://h.test:110"},
		{"encryption: tls on an odd port", s{Protocol: pop, Host: h, Port: 1110, Encryption: "tls"}, "! port 1110 is not a registered one"},
		{"encryption: tls without a port", s{Protocol: pop, Host: h, Encryption: "tls"}, "pop3s://h.test:995"},
		{"encryption: opportunistic", s{Protocol: smtp, Host: h, Port: 25, Encryption: "opportunistic"}, "smtp+opportunistic://h.test:25"},
		{"encryption: TLSv1.2 on 587", s{Protocol: sub, Host: h, Port: 587, Encryption: "TLSv1.2"}, "submission://h.test:587"},
		{"encryption: rot13", s{Protocol: sub, Host: h, Port: 587, Encryption: "rot13"}, "! not known"},
		{"skip_verify: true", s{Protocol: sub, Host: h, Port: 465, TLS: on, SkipVerify: on}, "! dial.Pin"},
		{"skip_verify: false", s{Protocol: sub, Host: h, Port: 465, TLS: on, SkipVerify: off}, "submissions://h.test:465"},
		{"port 70000", s{Protocol: sub, Host: h, Port: 70000}, "! not between 1 and 65535"},
		{"port 65536 + 465", s{Protocol: sub, Host: h, Port: 66001}, "! not between 1 and 65535"},
		{"port -1", s{Protocol: sub, Host: h, Port: -1}, "! not between 1 and 65535"},
		{"two ports", s{Protocol: sub, Host: h + ":587", Port: 465}, "! not the same number"},
		{"two ports alike", s{Protocol: sub, Host: h + ":587", Port: 587}, "submission://h.test:587"},
		{"an IPv6 address", s{Protocol: sub, Host: "[::1]:587"}, "submission://[::1]:587"},
		{"an IPv6 address without a port", s{Protocol: sub, Host: "::1", STARTTLS: on}, "submission://[::1]:587"},
		{"no host", s{Protocol: sub, Port: 587}, "! no host"},
		{"no protocol", s{Host: h, Port: 587, STARTTLS: on}, "! protocol not set"},
		{"a password in the host", s{Protocol: sub, Host: "joe:secret@h.test", Port: 587}, "! credentials belong in Options.Auth"},
	}
}

func TestOldConfigurations(t *testing.T) {
	var table strings.Builder
	for _, row := range rows() {
		e, why, err := legacy.Endpoint(row.s)
		got := e.String() + "  because " + why
		if err != nil {
			got = "error: " + err.Error()
		}
		fmt.Fprintf(&table, "%-45s %s\n", row.name, got)
		words, wantError := strings.CutPrefix(row.want, "! ")
		switch {
		case wantError && (err == nil || !strings.Contains(err.Error(), words) || !strings.HasPrefix(err.Error(), "legacy: ")):
			t.Errorf("%s: %v, %v; want an error with %q", row.name, e, err, words)
		case !wantError && (err != nil || e.String() != row.want || why == ""):
			t.Errorf("%s: %v (%s), %v; want %s", row.name, e, why, err, row.want)
		case err != nil && strings.Contains(err.Error(), "secret"):
			t.Errorf("%s: the error shows what may be a password: %v", row.name, err)
		}
	}
	t.Log("\n" + table.String())
	if len(rows()) < 40 {
		t.Errorf("only %d configurations", len(rows()))
	}
}

// Whatever the switches say, nothing weaker than RequiredSTARTTLS comes out unless a
// word or both switches together say so.
func TestNeverWeakerUnsaid(t *testing.T) {
	switches := []legacy.Switch{legacy.Unset, legacy.On, legacy.Off}
	for _, port := range []int{0, 25, 143, 465, 587, 993, 2525} {
		for _, tls := range switches {
			for _, starttls := range switches {
				for _, require := range switches {
					for p := policy.IMAP; p.Valid(); p++ {
						s := legacy.Settings{Protocol: p, Host: "h.test", Port: port, TLS: tls, STARTTLS: starttls, RequireTLS: require}
						e, _, err := legacy.Endpoint(s)
						if err != nil {
							continue
						}
						bothOff := tls == legacy.Off && starttls == legacy.Off
						notRequired := starttls == legacy.On && require == legacy.Off
						if e.Policy == policy.NoTLS && !bothOff || e.Policy == policy.OpportunisticSTARTTLS && !notRequired {
							t.Errorf("%+v: %v", s, e)
						}
					}
				}
			}
		}
	}
}

func TestSwitch(t *testing.T) {
	for text, want := range map[string]legacy.Switch{"": legacy.Unset, "True": legacy.On, "yes": legacy.On, "1": legacy.On, "off": legacy.Off, "NO": legacy.Off, "0": legacy.Off} {
		got := legacy.Switch(9)
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	got := legacy.On
	if err := got.UnmarshalText([]byte("maybe")); err == nil || got != legacy.On {
		t.Errorf("maybe: %v, %v", got, err)
	}
	if legacy.Bool(true) != legacy.On || legacy.Bool(false) != legacy.Off {
		t.Error("Bool")
	}
}
