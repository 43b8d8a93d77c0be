package dialtest_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
)

// keep selects cases by name.
func keep(names ...string) func(*dialtest.Case) bool {
	return func(c *dialtest.Case) bool { return slices.Contains(names, c.Name) }
}

// quick tries the named cases, and is impatient.
func quick(names ...string) dialtest.TryOptions {
	return dialtest.TryOptions{Keep: keep(names...), StallTimeout: 100 * time.Millisecond, Grace: 200 * time.Millisecond}
}

// TestKitCanFail shows that the kit finds what is wrong with programs that use
// other libraries' own ways in, and nothing in how they meet honest servers but
// the passwords that they send where no TLS was asked for.
func TestKitCanFail(t *testing.T) {
	tests := []struct {
		name    string
		connect dialtest.Connect
		options dialtest.TryOptions
		want    []dialtest.Kind
	}{
		{"go-imap", goIMAP, quick("strip-imap-greeting-caps", "cert-expired-imap", "stall-greeting-imap", "honest-imap"),
			[]dialtest.Kind{dialtest.Accepted, dialtest.Hang, dialtest.Leak, dialtest.SaidTooMuch}},
		{"go-smtp", goSMTP, quick("strip-smtp-ehlo", "inject-then-tls-smtp", "stall-greeting-smtp", "honest-smtp"),
			[]dialtest.Kind{dialtest.Accepted, dialtest.Hang, dialtest.Leak, dialtest.SaidTooMuch}},
		{"net/smtp", netSMTP, quick("strip-smtp-ehlo", "inject-then-tls-smtp", "stall-starttls-reply-smtp", "honest-smtp"),
			[]dialtest.Kind{dialtest.Accepted, dialtest.Hang, dialtest.Leak, dialtest.SaidTooMuch}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := dialtest.Try(t.Context(), tt.connect, tt.options)
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.Sorted(maps.Keys(s.Kinds())); !slices.Equal(got, tt.want) {
				t.Errorf("found %v, want %v: %v", got, tt.want, s.Findings)
			}
			for _, f := range s.Findings {
				if f.Case.Class() == "honest" && (f.Kind != dialtest.Leak || f.Policy != policy.NoTLS) {
					t.Errorf("with an honest server: %v", f)
				}
			}
		})
	}
}

// TestRequiredCanFail shows which programs fail even if TLS is demanded of
// them, and in what.
func TestRequiredCanFail(t *testing.T) {
	tests := []struct {
		connect dialtest.Connect
		name    string // of a case
		want    dialtest.Kind
	}{
		{goIMAP, "stall-starttls-reply-imap", dialtest.Hang},
		{goSMTP, "inject-then-tls-smtp", dialtest.Accepted},
		{goSMTP, "inject-before-command-then-tls-smtp", dialtest.Accepted},
		{netSMTP, "inject-then-tls-smtp", ""}, // net/smtp hands what is left to TLS
		{netSMTP, "strip-smtp-ehlo", dialtest.Leak},
	}
	for _, tt := range tests {
		o := quick(tt.name)
		o.Policies = []policy.Policy{policy.RequiredSTARTTLS}
		s, err := dialtest.Try(t.Context(), tt.connect, o)
		if err != nil {
			t.Fatal(err)
		}
		if tt.want == "" && s.Findings != nil || tt.want != "" && s.Kinds()[tt.want] == 0 {
			t.Errorf("%s: want %q: %v", tt.name, tt.want, s.Findings)
		}
	}
}

// TestIdlePrograms is about those that pass most cases because they do nothing.
func TestIdlePrograms(t *testing.T) {
	tests := map[dialtest.Kind]dialtest.Connect{
		dialtest.RefusedHonest: func(context.Context, dial.Endpoint, *tls.Config) error { return errors.New("\x1b[2Jno") },
		dialtest.Accepted:      func(context.Context, dial.Endpoint, *tls.Config) error { return nil },
		dialtest.NoLogin: func(ctx context.Context, e dial.Endpoint, cfg *tls.Config) error {
			d := dial.Dialer{TLSConfig: cfg}
			c, err := d.Dial(ctx, e)
			if err != nil {
				return err
			}
			return c.Close()
		},
	}
	for want, connect := range tests {
		s, err := dialtest.Try(t.Context(), connect, quick("honest-pop3"))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Kinds(); len(got) != 1 || got[want] != 3 {
			t.Errorf("found %v, want 3 times %s", s.Findings, want)
		}
		if text := fmt.Sprint(s.Findings); strings.Contains(text, "\x1b") {
			t.Errorf("not printable: %q", text)
		}
	}
}

// A connect that calls t.FailNow ends its goroutine.
func TestTryGoexit(t *testing.T) {
	s, err := dialtest.Try(t.Context(), func(context.Context, dial.Endpoint, *tls.Config) error {
		runtime.Goexit()
		return nil
	}, quick("honest-imap"))
	if err != nil || s.Kinds()[dialtest.RefusedHonest] != 3 || s.Total.Hung != 0 {
		t.Errorf("%v, %v", s, err)
	}
}

func TestTryNothing(t *testing.T) {
	if _, err := dialtest.Try(t.Context(), connect, quick("no such case")); err == nil {
		t.Error("no error, and there was nothing to try")
	}
}

func TestTryCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := dialtest.Try(ctx, func(ctx context.Context, _ dial.Endpoint, _ *tls.Config) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}, dialtest.TryOptions{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// recordingTB is a test that takes note of its errors.
type recordingTB struct{ errors, logs []string }

func (r *recordingTB) Helper() {}
func (r *recordingTB) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}
func (r *recordingTB) Logf(format string, args ...any) {
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}

func TestTestDial(t *testing.T) {
	var tb recordingTB
	s := dialtest.TestDial(&tb, netSMTP, quick("strip-smtp-ehlo", "strip-smtp-ehlo-single-line", "cert-expired-smtp"))
	if len(tb.errors) != 2 || len(s.Findings) < 6 {
		t.Fatalf("want an error for each of two cases: %q", tb.errors)
	}
	for _, want := range []string{"strip-smtp-ehlo: ", "required-starttls: accepted: ", "leak: ", "\n    C: AUTH LOGIN\n"} {
		if !strings.Contains(tb.errors[0], want) {
			t.Errorf("%q is not in %s", want, tb.errors[0])
		}
	}
	if len(tb.logs) != 1 || !strings.Contains(tb.logs[0], "class") {
		t.Errorf("logged %q", tb.logs)
	}
	if s := dialtest.TestDial(&tb, netSMTP, quick("no such case")); s != nil || len(tb.errors) != 3 {
		t.Error("nothing to try, and no error")
	}
}
