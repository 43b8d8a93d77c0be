package interop

import (
	"context"
	"fmt"
	"iter"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// oneWay is the delay of a long line, in each direction.
const oneWay = 10 * time.Millisecond

// count is how many messages each of the tests below sends.
func count() int {
	if os.Getenv("MAILCONN_FULL") != "" {
		return 10000
	}
	return 200
}

// relay is somewhere to send mail through, and how to.
type relay struct {
	endpoint dial.Endpoint
	options  smtpconn.Options
}

// byStream and byPool send n messages and return what became of each, by
// number.
var ways = map[string]func(*testing.T, relay, int) map[int]string{"stream": byStream, "pool": byPool}

func byStream(t *testing.T, r relay, n int) map[int]string {
	c := must(smtpconn.Dial(t.Context(), r.endpoint, &r.options))(t)
	defer c.Quit(t.Context())
	replies, i := map[int]string{}, 0
	for receipt, err := range c.SendEach(t.Context(), numbered(n)) {
		if err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
		replies[i] = receipt.Reply
		i++
	}
	return replies
}

func numbered(n int) iter.Seq[smtpconn.Message] {
	return func(yield func(smtpconn.Message) bool) {
		for i := range n {
			if !yield(smtpconn.Message{Envelope: away(), Content: content(numberedLetter(i))}) {
				return
			}
		}
	}
}

func byPool(t *testing.T, r relay, n int) map[int]string {
	p := must(pool.New(pool.Config{Endpoint: r.endpoint, Options: &r.options, MaxConns: 8, MaxAttempts: 1}))(t)
	defer p.Close(context.Background())
	var (
		mu      sync.Mutex
		replies = map[int]string{}
		callers sync.WaitGroup
		next    = make(chan int)
	)
	for range 32 {
		callers.Go(func() {
			for i := range next {
				receipt, err := p.Send(t.Context(), away(), strings.NewReader(numberedLetter(i)))
				if err != nil {
					t.Errorf("message %d: %v", i, err)
					continue
				}
				mu.Lock()
				replies[i] = receipt.Reply
				mu.Unlock()
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	callers.Wait()
	return replies
}

// away is an envelope for mail that a server throws away once it has it.
func away() smtpconn.Envelope { return to("somebody@elsewhere.test") }

// numberedLetter is a message of one of several sizes.
func numberedLetter(i int) string {
	size := []int{0, 2 << 10, 17 << 10, 40 << 10}[i%4]
	return strings.Replace(long(size), "<1@example.test>", fmt.Sprintf("<%d@numbered.test>", i), 1)
}

// TestPostfixAccounts has Postfix's own log account for every message: taken
// once, under the queue id that the receipt has.
func TestPostfixAccounts(t *testing.T) {
	for _, line := range []time.Duration{0, oneWay} {
		for way, send := range ways {
			t.Run(fmt.Sprintf("%s/%v", way, line), func(t *testing.T) {
				lab := servers.New(t)
				postfix := lab.Postfix(lab.Dovecot())
				addr := postfix.Addr(servers.Place{Protocol: policy.Submission, Implicit: true, Variant: servers.Good})
				if line > 0 {
					addr = lab.Far(addr, line)
				}
				r := relay{endpoint(policy.Submission, policy.ImplicitTLS), smtpconn.Options{
					Dialer: dialer(lab, addr, false),
					Auth:   auth.Password{User: servers.Alice, Secret: auth.NewSecret(servers.Secret)},
				}}
				began := time.Now()
				replies := send(t, r, count())
				t.Logf("%d messages, %.0f a second", len(replies), float64(len(replies))/time.Since(began).Seconds())
				logged := awaitLog(t, postfix.LogFile(), count())
				for i := range count() {
					id := regexp.MustCompile(`queued as (\w+)`).FindStringSubmatch(replies[i])
					if ids := logged[fmt.Sprint(i)]; id == nil || len(ids) != 1 || ids[0] != id[1] {
						t.Fatalf("message %d: receipt %q, log %q", i, replies[i], ids)
					}
				}
			})
		}
	}
}

var queued = regexp.MustCompile(`cleanup\[\d+\]: (\w+): message-id=<(\d+)@numbered\.test>`)

// awaitLog returns the queue ids of each message in Postfix's log. The log is
// written by another process, after the reply.
func awaitLog(t *testing.T, path string, n int) map[string][]string {
	t.Helper()
	deadline := time.After(patience)
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		text := must(os.ReadFile(path))(t)
		lines := queued.FindAllStringSubmatch(string(text), -1)
		if len(lines) >= n {
			logged := map[string][]string{}
			for _, m := range lines {
				logged[m[2]] = append(logged[m[2]], m[1])
			}
			return logged
		}
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("the log has %d of %d messages", len(lines), n)
		}
	}
}

var numbers = regexp.MustCompile(`Message-ID: <(\d+)@numbered\.test>`)

// TestSinkAccounts has smtp-sink, which takes whatever comes as fast as it
// comes, dump what it took: every message once.
func TestSinkAccounts(t *testing.T) {
	for _, line := range []time.Duration{0, oneWay} {
		for way, send := range ways {
			t.Run(fmt.Sprintf("%s/%v", way, line), func(t *testing.T) {
				lab := servers.New(t)
				sink, dump := lab.Sink()
				addr := sink.Addr(servers.Place{Protocol: policy.SMTP, Variant: servers.NoTLS})
				if line > 0 {
					addr = lab.Far(addr, line)
				}
				r := relay{endpoint(policy.SMTP, policy.NoTLS), smtpconn.Options{Dialer: dialer(lab, addr, false)}}
				began := time.Now()
				replies := send(t, r, count())
				t.Logf("%d messages, %.0f a second", len(replies), float64(len(replies))/time.Since(began).Seconds())
				sink.Stop()
				took := map[string]int{}
				for _, m := range numbers.FindAllStringSubmatch(string(must(os.ReadFile(dump))(t)), -1) {
					took[m[1]]++
				}
				for i := range count() {
					if n := took[fmt.Sprint(i)]; n != 1 {
						t.Fatalf("message %d was taken %d times", i, n)
					}
				}
			})
		}
	}
}
