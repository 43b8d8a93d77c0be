package interop

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// TestLimitedRelay sends through a pool of eight connections to servers that take
// one, three, or five new ones a minute: every message arrives once, and few dials are
// refused.
func TestLimitedRelay(t *testing.T) {
	for name, start := range map[string]func(*servers.Lab) *servers.Server{
		"postfix": func(l *servers.Lab) *servers.Server { return l.Postfix(l.Dovecot()) },
		"exim":    func(l *servers.Lab) *servers.Server { return l.Exim(l.Dovecot()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := servers.New(t)
			server := start(lab)
			limits := []servers.Variant{servers.OneAtOnce, servers.ThreeAtOnce}
			if name == "postfix" {
				limits = append(limits, servers.FiveEachMinute)
			}
			for _, v := range limits {
				sendLimited(t, lab, server, v)
			}
		})
	}
}

func sendLimited(t *testing.T, lab *servers.Lab, server *servers.Server, v servers.Variant) {
	t.Helper()
	addr := server.Addr(servers.Place{Protocol: policy.SMTP, Variant: v})
	p := must(pool.New(pool.Config{
		Endpoint: endpoint(policy.SMTP, policy.RequiredSTARTTLS), MaxConns: 8, WaitWhileDown: true,
		Options: &smtpconn.Options{Dialer: dialer(lab, addr, false)},
	}))(t)
	defer p.Close(context.Background())
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	n, began := count(), time.Now()
	var mu sync.Mutex
	var callers sync.WaitGroup
	ids := map[string]bool{}
	for i := range 32 {
		callers.Go(func() {
			for k := i; k < n; k += 32 {
				receipt, err := p.Send(ctx, away(), strings.NewReader(numberedLetter(k)))
				if err != nil {
					t.Errorf("%s: message %d: %v", v, k, err)
					return
				}
				mu.Lock()
				ids[receipt.Reply] = true
				mu.Unlock()
			}
		})
	}
	callers.Wait()
	s := p.Stats()
	if len(ids) != n || s.Sent != n || s.DialFailures > 20 {
		t.Errorf("%s: %d receipts for %d messages, %+v", v, len(ids), n, s)
	}
	t.Logf("%s: %d messages in %v, %d dials, %d refused, limit %d", v, n, time.Since(began).Round(time.Millisecond), s.Dials, s.DialFailures, s.Limit)
}

// TestEximAccounts has Exim take every message: each receipt has an id of its own.
func TestEximAccounts(t *testing.T) {
	for way, send := range ways {
		t.Run(way, func(t *testing.T) {
			lab := servers.New(t)
			exim := lab.Exim(lab.Dovecot())
			addr := exim.Addr(servers.Place{Protocol: policy.SMTP, Variant: servers.Good})
			r := relay{endpoint(policy.SMTP, policy.RequiredSTARTTLS), smtpconn.Options{Dialer: dialer(lab, addr, false)}}
			began := time.Now()
			replies := send(t, r, count())
			t.Logf("%d messages, %.0f a second", len(replies), float64(len(replies))/time.Since(began).Seconds())
			seen := map[string]bool{}
			for i := range count() {
				id := regexp.MustCompile(`id=(\S+)`).FindStringSubmatch(replies[i])
				if id == nil || seen[id[1]] {
					t.Fatalf("message %d: receipt %q", i, replies[i])
				}
				seen[id[1]] = true
			}
		})
	}
}
