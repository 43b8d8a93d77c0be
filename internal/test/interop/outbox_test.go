package interop

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/child"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// TestOutboxKilled kills a program again and again while its outbox gives messages to
// Postfix, whose log then accounts for each: a message that Put has acknowledged was
// taken once, or is in doubt and was taken once at most. What is in doubt is then sent
// again, and each message was taken, the others not once more.
func TestOutboxKilled(t *testing.T) {
	t.Parallel()
	kills := 50
	if os.Getenv("MAILCONN_FULL") != "" {
		kills = 1000
	}
	lab := servers.New(t)
	postfix := lab.Postfix(lab.Dovecot())
	addr := postfix.Addr(servers.Place{Protocol: policy.SMTP, Variant: servers.Good})
	dir, ca := filepath.Join(t.TempDir(), "outbox"), filepath.Join(t.TempDir(), "ca")
	must(0, os.WriteFile(ca, lab.CA.PEM(), 0o600))(t)
	var put []string
	for n := range kills {
		put = append(put, killedOutbox(t, dir, addr, ca, fmt.Sprint("r", n))...)
	}
	relay := must(outboxRelay(lab.CA.ClientConfig(), addr))(t)
	o := must(outbox.Open(t.Context(), dir, outbox.Config{Relays: []outbox.Relay{relay}}))(t)
	defer o.Close(context.Background())
	drain(t, o)
	doubts := map[string]bool{}
	for _, r := range o.Doubtful() {
		doubts[r.ID] = true
	}
	took := awaitPostfix(t, postfix.LogFile())
	account(t, put, took, doubts)
	t.Logf("%d kills: %d messages acknowledged, %d taken, %d in doubt, of which Postfix has %d", kills, len(put), len(took), len(doubts), both(took, doubts))
	for id := range doubts {
		must(0, o.Resend(t.Context(), id))(t)
	}
	drain(t, o)
	again := awaitPostfix(t, postfix.LogFile())
	for id, n := range again {
		if !doubts[id] && n > 1 || n > 2 {
			t.Errorf("%s was taken %d times, in doubt: %v", id, n, doubts[id])
		}
	}
	account(t, put, again, nil)
}

// account compares what was put with what Postfix took.
func account(t *testing.T, put []string, took map[string]int, doubts map[string]bool) {
	t.Helper()
	for _, id := range put {
		if took[id] == 0 && !doubts[id] {
			t.Errorf("%s is lost", id)
		}
	}
	if doubts == nil { // they were sent again
		return
	}
	for id, n := range took {
		if n > 1 {
			t.Errorf("%s was taken %d times", id, n)
		}
	}
	if len(put) == 0 || len(took) < len(put)/2 {
		t.Errorf("Postfix took %d of %d messages: the kills came at no interesting time", len(took), len(put))
	}
}

func both(took map[string]int, doubts map[string]bool) (n int) {
	for id := range doubts {
		n += took[id]
	}
	return n
}

// killedOutbox runs fillOutbox, kills it, and returns the ids that were acknowledged.
func killedOutbox(t *testing.T, dir, addr, ca, prefix string) (ids []string) {
	t.Helper()
	cmd := child.Command(t, "outbox", dir, addr, ca, prefix)
	begun := make(chan bool, 1)
	var stdout, stderr bytes.Buffer
	cmd.Stdout = writer(func(b []byte) (int, error) {
		select {
		case begun <- true:
		default:
		}
		return stdout.Write(b)
	})
	cmd.Stderr = &stderr
	must(0, cmd.Start())(t)
	select {
	case <-begun:
	case <-time.After(patience):
		t.Errorf("%s does not begin", prefix)
	}
	kill := time.AfterFunc(rand.N(200*time.Millisecond), func() { cmd.Process.Kill() })
	defer kill.Stop()
	if err := cmd.Wait(); err == nil || stderr.Len() > 0 {
		t.Errorf("%s: %v: %s", prefix, err, &stderr)
	}
	for line := range strings.Lines(stdout.String()) {
		if id, ok := strings.CutPrefix(line, "put "); ok && strings.HasSuffix(id, "\n") {
			ids = append(ids, strings.TrimSpace(id))
		}
	}
	return ids
}

type writer func([]byte) (int, error)

func (f writer) Write(b []byte) (int, error) { return f(b) }

// fillOutbox puts messages into an outbox and delivers them until it is killed. Its
// arguments are the directory, the relay's address, the file of its CA and a prefix for
// ids.
func fillOutbox(args []string) error {
	pem, err := os.ReadFile(args[2])
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	relay, err := outboxRelay(&tls.Config{RootCAs: roots}, args[1])
	if err != nil {
		return err
	}
	ctx := context.Background()
	o, err := outbox.Open(ctx, args[0], outbox.Config{Relays: []outbox.Relay{relay}, Workers: 8})
	if err != nil {
		return err
	}
	fmt.Println("open")
	var next atomic.Int64
	failed := make(chan error)
	for range 2 {
		go func() {
			for {
				id := fmt.Sprint(args[3], "-", next.Add(1))
				if err := o.Put(ctx, id, to(id+"@judge.test"), strings.NewReader(letter(id))); err != nil {
					failed <- err
					return
				}
				fmt.Println("put", id)
			}
		}()
	}
	return <-failed
}

func outboxRelay(config *tls.Config, addr string) (*pool.Pool, error) {
	d := &dial.Dialer{TLSConfig: config, NetDialer: dialtest.LeadTo(addr), LocalName: "client.test"}
	return pool.New(pool.Config{
		Endpoint: endpoint(policy.SMTP, policy.RequiredSTARTTLS), Options: &smtpconn.Options{Dialer: d}, MaxAttempts: 1,
	})
}

// drain waits until no message waits.
func drain(t *testing.T, o *outbox.Outbox) {
	t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for deadline := time.After(2 * time.Minute); ; {
		s := o.Stats()
		if s.Waiting == 0 && s.Untold == 0 {
			return
		}
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("it is not delivered: %+v", s)
		}
	}
}

var (
	queueing  = regexp.MustCompile(`qmgr\[\d+\]: \w+: from=`)
	delivered = regexp.MustCompile(`discard\[\d+\]: \w+: to=<([^@>]+)@judge\.test>.* status=sent`)
	removed   = regexp.MustCompile(`qmgr\[\d+\]: \w+: removed`)
)

// awaitPostfix returns how often Postfix took each message, by its log, once it is done
// with all that it has queued.
func awaitPostfix(t *testing.T, path string) map[string]int {
	t.Helper()
	again := time.NewTicker(500 * time.Millisecond) // longer than a message takes to be queued
	defer again.Stop()
	for deadline, last := time.After(2*time.Minute), -1; ; {
		text := string(must(os.ReadFile(path))(t))
		begun, gone := len(queueing.FindAllString(text, -1)), len(removed.FindAllString(text, -1))
		if gone == begun && len(text) == last {
			took := map[string]int{}
			for _, m := range delivered.FindAllStringSubmatch(text, -1) {
				took[m[1]]++
			}
			return took
		}
		last = len(text)
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("Postfix has queued %d messages and is done with %d", begun, gone)
		}
	}
}
