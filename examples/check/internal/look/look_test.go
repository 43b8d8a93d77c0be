package look

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/policy"
)

// Which ways to log in a list has.
func TestMechanisms(t *testing.T) {
	for _, c := range []struct {
		protocol policy.Protocol
		list     string
		want     string
	}{
		{policy.IMAP, "IMAP4REV1;AUTH=PLAIN;AUTH=SCRAM-SHA-256;LOGINDISABLED", "PLAIN SCRAM-SHA-256"},
		{policy.IMAP, "IMAP4REV1", "LOGIN"},
		{policy.POP3, "UIDL;SASL PLAIN LOGIN;USER", "PLAIN LOGIN USER"},
		{policy.POP3, "UIDL", ""},
		{policy.POP3, "", "USER"},
		{policy.Submission, "SIZE 1000;AUTH PLAIN xoauth2;AUTHOR", "PLAIN XOAUTH2"},
		{policy.SMTP, ";STARTTLS", ""},
	} {
		list := strings.FieldsFunc(c.list, func(r rune) bool { return r == ';' })
		if got := strings.Join(mechanisms(c.protocol, list), " "); got != c.want {
			t.Errorf("%v %q: %q, want %q", c.protocol, c.list, got, c.want)
		}
	}
}

// A transcript has numbers for tags, no times, and an end.
func TestTranscript(t *testing.T) {
	s := &transcript{tagged: true}
	for _, line := range []string{
		"-- greeting", "S: * OK ready", "C: XQ1 STARTTLS", "S: XQ1 OK go", "C: [left out]", "C: RS1 LOGOUT", "S: * BYE", "S: RS1 OK",
	} {
		fmt.Fprintf(s, "123456 12:00:00.000 %s\n", line)
	}
	want := []string{"-- greeting", "S: * OK ready", "C: a1 STARTTLS", "S: a1 OK go", "C: [left out]", "C: a2 LOGOUT", "S: * BYE", "S: a2 OK"}
	if got := s.lines(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for range 2 * maxLines {
		fmt.Fprintf(s, "123456 12:00:00.000 S: %s\n", strings.Repeat("x", 2*maxText))
	}
	got := s.lines()
	if len(got) != maxLines+1 || len(got[maxLines-1]) != maxText || got[maxLines] != fmt.Sprintf("-- and %d more lines", maxLines+len(want)) {
		t.Errorf("%d lines, the last is %q", len(got), got[len(got)-1])
	}
}

func TestDays(t *testing.T) {
	now := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	for left, want := range map[time.Duration]int{0: 0, time.Hour: 0, 25 * time.Hour: 1, -time.Second: -1, -25 * time.Hour: -2} {
		if got := daysBetween(now, now.Add(left)); got != want {
			t.Errorf("%v: %d, want %d", left, got, want)
		}
	}
}

// Of two chains that verify the longer-lived one counts, and in it the first to expire.
func TestGoodUntil(t *testing.T) {
	until := func(year int) *x509.Certificate {
		return &x509.Certificate{NotAfter: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)}
	}
	leaf := until(2030)
	if got := goodUntil([][]*x509.Certificate{{leaf, until(2027)}, {leaf, until(2028), until(2040)}}); got.Year() != 2028 {
		t.Error(got)
	}
}

// silence is a network in which connections are made, and nothing is ever said.
type silence struct {
	mu        sync.Mutex
	now, most int
}

func (s *silence) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now++
	s.most = max(s.most, s.now)
	client, server := net.Pipe()
	go io.Copy(io.Discard, server)
	return &counted{Conn: client, server: server, of: s}, nil
}

// counted is a connection that is counted until it is closed.
type counted struct {
	net.Conn
	server net.Conn
	of     *silence
	once   sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() {
		c.of.mu.Lock()
		defer c.of.mu.Unlock()
		c.of.now--
		c.server.Close()
	})
	return c.Conn.Close()
}

// Few endpoints are looked at at a time, and the context ends all looks: what was not looked
// at by then is the run's doing, and no server's.
func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := new(silence)
		l := &Looker{Dialer: &dial.Dialer{NetDialer: net, Timeout: 10 * time.Second}}
		var targets []Target
		for range 50 {
			targets = append(targets, Target{Endpoint: dial.MustParseEndpoint("imaps://mail.example.org"), Looker: l})
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), 25*time.Second, errors.New("no more time"))
		defer cancel()
		begin, done := time.Now(), 0
		seen := All(ctx, targets, func(*report.Endpoint) { done++ })
		if took := time.Since(begin); took != 25*time.Second {
			t.Errorf("took %v", took)
		}
		synctest.Wait()
		if net.most != parallel || net.now != 0 || done != len(targets) {
			t.Errorf("%d at a time, %d left, %d told", net.most, net.now, done)
		}
		for i, want := range map[int]report.Reason{0: report.Silent, parallel: report.Silent, 2 * parallel: report.Cut, 49: report.Cut} {
			if got := seen[i].Main(); got.Reason != want || seen[i].Cut != (want == report.Cut) || (got.Hint == "") != seen[i].Cut {
				t.Errorf("%d: %+v, want %q", i, got, want)
			}
		}
	})
}
