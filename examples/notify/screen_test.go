package main

import (
	"bytes"
	"crypto/x509"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn/outbox"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out)
	s.count("sent")
	s.end(outbox.Stats{})
	if out.Len() > 0 {
		t.Errorf("%q where there is no terminal", out.String())
	}
	s.terminal = true
	s.count("expired")
	s.end(outbox.Stats{InDoubt: 2})
	if !strings.HasSuffix(out.String(), "1 failed, 2 in doubt\x1b[K\n") {
		t.Errorf("%q", out.String())
	}
	s.count("sent")
	s.count("sent")
	for _, want := range []string{"7 waiting, 3 sent (1 a second), 1 failed, 0 in doubt", "7 waiting, 3 sent (0 a second), 1 failed, 0 in doubt"} {
		if got := s.line(outbox.Stats{Waiting: 7}, s.shown.Add(2*time.Second)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What a person needs to know about the relay is said once, also where there is
// no terminal.
func TestRelay(t *testing.T) {
	var out bytes.Buffer
	r := relay{name: "relay", say: newScreen(&out).say}
	look := func(s pool.Stats, want ...string) {
		t.Helper()
		out.Reset()
		r.look(s)
		if lines := strings.Count(out.String(), "notify: "); len(want) == 0 && lines != 0 || len(want) > 0 && lines != 1 {
			t.Errorf("%q", out.String())
		}
		for _, w := range want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%q without %q", out.String(), w)
			}
		}
	}
	failed := func(phase dial.Phase, err error) pool.Stats {
		return pool.Stats{Down: &pool.DownError{Err: &dial.Error{Endpoint: dial.Endpoint{Protocol: policy.SMTP, Host: "mail.test"}, Phase: phase, Err: err}}}
	}
	look(pool.Stats{})
	look(failed(dial.PhaseConnect, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), "is down, and is tried again", "mail.test", "\n\t")
	look(failed(dial.PhaseConnect, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}))
	look(failed(dial.PhaseHandshake, x509.UnknownAuthorityError{}), "cannot be used until", "\n\t")
	look(pool.Stats{}, "can be used again")
	look(pool.Stats{Limit: 3}, "gives 3 of")
	look(pool.Stats{Limit: 3})
	look(pool.Stats{Down: &pool.DownError{Err: io.EOF}, Limit: 3}, "is down", "before it has answered")
}
