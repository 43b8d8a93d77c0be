package outage_test

import (
	"context"
	"crypto/tls"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/outage"
	"github.com/mailconn/mailconn/policy"
)

// What a person has to mend is permanent, and what should not be tried soon waits long.
func TestOutages(t *testing.T) {
	const long = time.Hour
	for name, c := range map[string]struct {
		phase     dial.Phase
		err       error
		permanent bool
		long      bool
	}{
		"network":                   {dial.PhaseConnect, errors.New("unreachable"), false, false},
		"arguments":                 {dial.PhaseConfig, policy.ErrUnset, true, false},
		"certificate":               {dial.PhaseHandshake, &tls.CertificateVerificationError{Err: errors.New("expired")}, true, false},
		"no STARTTLS":               {dial.PhaseSTARTTLS, &policy.Violation{Reason: policy.ErrNotOffered}, true, false},
		"STARTTLS later":            {dial.PhaseSTARTTLS, &policy.Violation{Reason: policy.ErrRefused, Transient: true}, false, false},
		"STARTTLS refused":          {dial.PhaseSTARTTLS, &policy.Violation{Reason: policy.ErrRefused}, true, false},
		"greeting":                  {dial.PhaseGreeting, &policy.Violation{Reason: policy.ErrRefused}, false, true},
		"greeting, later":           {dial.PhaseGreeting, &policy.Violation{Reason: policy.ErrRefused, Transient: true, Reply: "BYE restarting"}, false, false},
		"greeting, many":            {dial.PhaseGreeting, &policy.Violation{Reason: policy.ErrRefused, Transient: true, Reply: "BYE Too many connections"}, false, true},
		"password":                  {dial.PhaseAuth, &auth.Error{Kind: auth.KindCredentials}, true, true},
		"perhaps password":          {dial.PhaseAuth, &auth.Error{Kind: auth.KindCredentials, Guessed: true}, false, true},
		"limit":                     {dial.PhaseAuth, &auth.Error{Kind: auth.KindLimit}, false, true},
		"login later":               {dial.PhaseAuth, &auth.Error{Kind: auth.KindTemporary}, false, false},
		"cancelled":                 {dial.PhaseAuth, &auth.Error{Kind: auth.KindCancelled}, false, true},
		"a session broke a rule":    {dial.PhaseSession, &policy.Violation{Reason: policy.ErrLimit}, false, false},
		"a session was shut down":   {dial.PhaseSession, &dial.Farewell{Reply: "BYE shutting down"}, false, false},
		"a session was throttled":   {dial.PhaseSession, &dial.Farewell{Reply: "BYE [THROTTLED] slow"}, false, true},
		"a session was too long":    {dial.PhaseSession, &dial.Farewell{Reply: "BYE Session time exceeded"}, false, false},
		"a session had no quota":    {dial.PhaseSession, &dial.Farewell{Reply: "BYE Download quota exceeded"}, false, true},
		"a session had an account":  {dial.PhaseSession, &dial.Farewell{Reply: "BYE Account exceeded command or bandwidth limits."}, false, true},
		"no login":                  {dial.PhaseAuth, &outage.NoLogin{Unset: true}, true, false},
		"a session was asked a lot": {dial.PhaseSession, &dial.Farewell{Reply: "BYE Bandwidth limits exceeded"}, false, true},
	} {
		failed := &dial.Error{Phase: c.phase, Err: c.err}
		d := outage.Tries{Min: time.Second, Max: time.Minute, Long: long}
		if permanent, after := d.Permanent(failed), d.After(failed); permanent != c.permanent || (after == long) != c.long {
			t.Errorf("%s: permanent %v, next after %v", name, permanent, after)
		}
	}
}

// Credentials that were good are refused twice before that is permanent.
func TestRefusedTwice(t *testing.T) {
	failed := &dial.Error{Phase: dial.PhaseAuth, Err: &auth.Error{Kind: auth.KindCredentials}}
	d := outage.Tries{Min: time.Second, Max: time.Minute, Long: time.Hour}
	later := &dial.Error{Phase: dial.PhaseAuth, Err: &auth.Error{Kind: auth.KindTemporary}}
	for range 2 {
		d.LoggedIn()
		if d.Permanent(later) {
			t.Error("a refusal for now is permanent")
		}
		if d.Permanent(failed) || d.After(failed) != time.Hour {
			t.Error("a refusal of credentials that were good is permanent, or tried again soon")
		}
	}
	if !d.Permanent(failed) {
		t.Error("the second refusal is not permanent")
	}
	d.LoggedIn()
	if certificate := (&dial.Error{Phase: dial.PhaseHandshake, Err: &tls.CertificateVerificationError{}}); !d.Permanent(certificate) {
		t.Error("a certificate is not permanent")
	}
}

// Distances double, at least a half of each stands, and Reset begins anew.
func TestDistances(t *testing.T) {
	d := outage.Tries{Min: time.Second, Max: time.Minute, Long: time.Hour}
	failed := &dial.Error{Phase: dial.PhaseConnect, Err: errors.New("unreachable")}
	for range 3 {
		for i := range 20 {
			most := min(time.Second<<i, time.Minute)
			if got := d.After(failed); got > most || got < most/2 || got < time.Second {
				t.Errorf("distance %d is %v, want about %v", i, got, most)
			}
		}
		d.Reset()
	}
}

// Wait ends when it is time, for a nudge, after a sleep and with the context, and never
// before the earliest time.
func TestWait(t *testing.T) {
	for name, c := range map[string]struct {
		nudge  time.Duration // when; 0: never
		closed bool
		slept  time.Duration // when
		cancel time.Duration
		want   time.Duration
	}{
		"time":    {want: time.Hour},
		"nudge":   {nudge: 10 * time.Minute, want: 10 * time.Minute},
		"soon":    {nudge: time.Second, want: time.Minute},
		"closed":  {closed: true, want: time.Hour},
		"sleep":   {slept: 20*time.Minute + time.Second, want: 20*time.Minute + outage.Glance},
		"cancel":  {cancel: 5 * time.Minute, want: 5 * time.Minute},
		"at once": {cancel: time.Second, want: time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			nudge, begun := make(chan struct{}, 1), time.Now()
			if c.closed {
				close(nudge)
			}
			if c.nudge > 0 {
				time.AfterFunc(c.nudge, func() { nudge <- struct{}{} })
			}
			if c.cancel > 0 {
				time.AfterFunc(c.cancel, cancel)
			}
			clock := func() time.Time {
				if c.slept > 0 && time.Since(begun) >= c.slept {
					return time.Now().Add(time.Hour)
				}
				return time.Now()
			}
			err := outage.Wait(ctx, begun.Add(time.Hour), begun.Add(time.Minute), nudge, clock)
			if waited := time.Since(begun); waited != c.want || !errors.Is(err, ctx.Err()) {
				t.Errorf("%s: waited %v, want %v; %v", name, waited, c.want, err)
			}
		})
	}
}
