package mx_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/mx"
)

// chaosSize returns how many messages there are, and the seed of the faults.
func chaosSize() (messages int, seed uint64) {
	if os.Getenv("MAILCONN_FULL") != "" {
		return 10_000, rand.Uint64()
	}
	return 500, 1
}

// chaos is a hundred domains under mixed rules, whose servers hang up or fall silent.
type chaos struct {
	*world
	messages int
	mu       sync.Mutex
	rand     *rand.Rand
}

const chaosDomains = 100

// kinds are what a domain is like, by its number.
var chaosKinds = []struct {
	level    mx.Level
	zone     string
	verified trust.Method // what a delivery must have
	noTLS    bool         // so that nothing may be delivered
}{
	{mx.DANE, "signed.example", trust.DANE, false},
	{mx.May, "example", trust.None, false},
	{mx.Encrypt, "example", trust.None, false},
	{mx.DANE, "example", trust.PKIX, false}, // by a policy
	{mx.Secure, "example", trust.PKIX, false},
	{mx.Encrypt, "example", trust.None, true},
}

func chaosDomain(i int) string { return fmt.Sprintf("d%d.%s", i, chaosKinds[i%len(chaosKinds)].zone) }

// faulty is a connection that ends, or falls silent, after some bytes.
type faulty struct {
	net.Conn
	left  atomic.Int64
	stall bool
}

func (f *faulty) spend(n int) bool {
	if f.left.Add(-int64(n)) > 0 {
		return true
	}
	if f.stall {
		io.Copy(io.Discard, f.Conn) // until the client has had enough
	}
	f.Conn.Close()
	return false
}

func (f *faulty) Read(p []byte) (int, error) {
	n, err := f.Conn.Read(p)
	if err == nil && !f.spend(n) {
		return 0, io.EOF
	}
	return n, err
}

func (f *faulty) Write(p []byte) (int, error) {
	if !f.spend(len(p)) {
		return 0, io.ErrClosedPipe
	}
	return f.Conn.Write(p)
}

// wrap makes a third of the connections faulty.
func (c *chaos) wrap(conn net.Conn) net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := &faulty{Conn: conn, stall: c.rand.IntN(3) == 0}
	f.left.Store(1 << 40)
	if c.rand.IntN(3) == 0 {
		f.left.Store(1 + c.rand.Int64N(12_000))
	}
	return f
}

// build makes the domains, each with two hosts, and the rules.
func (c *chaos) build(good, noTLS *dialtest.Server) (fetches *atomic.Int64) {
	fetches = new(atomic.Int64)
	c.cfg.Rules = map[string]mx.Rule{}
	for i := range chaosDomains {
		kind, domain := chaosKinds[i%len(chaosKinds)], chaosDomain(i)
		c.cfg.Rules[domain] = mx.Rule{Level: kind.level, Names: []string{"mail.chaos.example"}}
		srv := good
		if kind.noTLS {
			srv = noTLS
		}
		for n := range 2 {
			host := fmt.Sprintf("mx%d.%s", n, domain)
			c.Names.Add(fmt.Sprintf("%s MX %d %s", domain, n, host))
			ip := fmt.Sprintf("198.51.100.%d", 2*i+n)
			c.Names.Add(host + " A " + ip)
			c.Listen(ip+":25", func(conn net.Conn) { srv.Serve(c.wrap(conn)) })
		}
		if i%len(chaosKinds) == 3 {
			doc := enforce("*." + domain)
			page := document(&doc)
			c.Names.Add(`_mta-sts.` + domain + ` TXT "v=STSv1; id=1"`)
			c.Site("mta-sts."+domain, func(rw http.ResponseWriter, r *http.Request) { fetches.Add(1); page(rw, r) })
		}
	}
	return fetches
}

// Each of many messages is delivered once, or comes back, or is in doubt, whatever happens
// to the connections; and no delivery breaks its rule.
func TestChaos(t *testing.T) {
	certs := newWorld(t).CA
	names := []string{"mail.chaos.example"}
	for i := range chaosDomains {
		names = append(names, "mx0."+chaosDomain(i), "mx1."+chaosDomain(i))
	}
	cert := certs.Server(names...)
	good, err := dialtest.NewServer(dialtest.Config{Protocol: policy.SMTP, TLS: cert})
	if err != nil {
		t.Fatal(err)
	}
	defer good.Close()
	noTLS, err := dialtest.NewServer(dialtest.Config{Protocol: policy.SMTP, NoSTARTTLS: true})
	if err != nil {
		t.Fatal(err)
	}
	defer noTLS.Close()
	synctest.Test(t, func(t *testing.T) {
		messages, seed := chaosSize()
		t.Logf("%d messages, seed %d", messages, seed)
		c := &chaos{world: newWorld(t), messages: messages, rand: rand.New(rand.NewPCG(seed, 0))}
		fetches := c.build(good, noTLS)
		for i := 0; i < chaosDomains; i += len(chaosKinds) {
			for n := range 2 {
				c.pin(fmt.Sprintf("_25._tcp.mx%d.%s", n, chaosDomain(i)), cert)
			}
		}
		c.cfg.Dialer.TLSConfig.RootCAs.AddCert(certs.Root())
		c.run(good, noTLS)
		if n := fetches.Load(); n > int64(chaosDomains/len(chaosKinds)+1) {
			t.Errorf("%d policies were fetched", n)
		}
		if questions, most := c.Names.Total(), 8*messages; questions > most {
			t.Errorf("%d questions, more than %d", questions, most)
		} else {
			t.Logf("%d questions, %d fetches", questions, fetches.Load())
		}
	})
}

// run sends the messages, fifty at a time, and compares what was told with what was taken.
func (c *chaos) run(good, noTLS *dialtest.Server) {
	s := c.sender()
	results := make([]string, c.messages)
	var sending sync.WaitGroup
	for worker := range 50 {
		sending.Go(func() {
			for i := worker; i < c.messages; i += 50 {
				e := smtpconn.Envelope{From: "a@sender.example", To: []string{fmt.Sprintf("m%d@%s", i, chaosDomain(i%chaosDomains))}}
				receipt, err := s.Send(c.t.Context(), e, strings.NewReader(text))
				results[i] = "accepted"
				if err != nil {
					results[i] = "not sent"
					if errors.Is(err, smtpconn.InDoubt) {
						results[i] = "in doubt"
					}
				} else if len(receipt.Accepted) != 1 {
					c.t.Errorf("%+v", receipt)
				}
			}
		})
	}
	sending.Wait()
	taken := map[string]int{}
	for _, m := range append(good.Messages(), noTLS.Messages()...) {
		taken[m.To[0]]++
	}
	count := map[string]int{}
	for i, result := range results {
		to := fmt.Sprintf("m%d@%s", i, chaosDomain(i%chaosDomains))
		count[result]++
		if n := taken[to]; result == "accepted" && n != 1 || result == "not sent" && n != 0 || n > 1 || n > 0 && chaosKinds[i%chaosDomains%len(chaosKinds)].noTLS {
			c.t.Errorf("%s: %s, and taken %d times", to, result, n)
		}
	}
	for _, session := range c.tried() {
		var i int
		fmt.Sscanf(session.Domain, "d%d.", &i)
		if kind := chaosKinds[i%len(chaosKinds)]; session.Err == nil && (!session.Security.Encrypted() || session.Security.Verified != kind.verified) {
			c.t.Errorf("%v", session)
		}
	}
	c.t.Logf("%v", count)
	if count["accepted"] < c.messages/2 || count["in doubt"] > c.messages/5 {
		c.t.Errorf("%v of %d", count, c.messages)
	}
}
