package dialtest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

// A plan is the same every time, and as likely as it says.
func TestPlan(t *testing.T) {
	p := dialtest.Plan{Seed: 7, Refuse: 0.1, Cut: 0.2, Stall: 0.3, HalfOpen: 0.2, Within: 100, Faults: []dialtest.Fault{{Kind: dialtest.FaultCut, After: 5}}}
	counts, sides := map[string]int{}, 0
	for n := range 10000 {
		f := p.Fault(n)
		if f != p.Fault(n) || f.After < 0 || f.After >= 100 {
			t.Fatalf("connection %d: %+v", n, f)
		}
		counts[f.Kind.String()]++
		if f.ToServer {
			sides++
		}
	}
	for kind, want := range map[string]int{"none": 2000, "refuse": 1000, "cut": 2000, "stall": 3000, "half-open": 2000} {
		if got := counts[kind]; got < want-300 || got > want+300 {
			t.Errorf("%s: %d of 10000, want about %d", kind, got, want)
		}
	}
	if p.Fault(0) != p.Faults[0] || sides < 3000 || sides > 5000 {
		t.Errorf("first %+v, %d to the server", p.Fault(0), sides)
	}
	other, same := p, 0
	other.Seed++
	for n := range 1000 {
		if other.Fault(n) == p.Fault(n) {
			same++
		}
	}
	if same > 200 { // those without a fault
		t.Errorf("the seed does not matter: %d of 1000 are the same", same)
	}
	for _, bad := range []dialtest.Plan{
		{Cut: -0.1}, {Cut: math.NaN()}, {Cut: 0.6, Stall: 0.6}, {Rate: -1}, {Latency: -1}, {Within: -1},
		{Faults: []dialtest.Fault{{}, {Kind: dialtest.FaultCut, After: -1}}}, {Faults: []dialtest.Fault{{Kind: 9}}},
	} {
		if n, err := dialtest.NewNetwork("127.0.0.1:1", bad); err == nil {
			n.Close()
			t.Errorf("taken: %+v", bad)
		}
		if _, err := bad.Dialer(undialled{t}).DialContext(t.Context(), "tcp", "mail.test:25"); err == nil {
			t.Errorf("dialled: %+v", bad)
		}
	}
}

// undialled is a NetDialer that must not be used.
type undialled struct{ t *testing.T }

func (u undialled) DialContext(context.Context, string, string) (net.Conn, error) {
	u.t.Error("dialled before the plan was checked")
	return nil, io.EOF
}

// A fault can be ordered while connections are open: it happens at its byte, once, and
// can be taken back.
func TestNetworkOrder(t *testing.T) {
	srv := relay(t)
	n := network(t, srv, dialtest.Plan{})
	greeted := func() (net.Conn, *bufio.Reader) {
		conn := dialRaw(t, n.Addr())
		r := bufio.NewReader(conn)
		talk(t, conn, r, "S: 220 mail.test ESMTP ready")
		return conn, r
	}
	one, r := greeted()
	two, r2 := greeted()
	if err := n.Order(dialtest.Fault{Kind: dialtest.FaultCut, ToServer: true, After: 6 + 5}); err != nil {
		t.Fatal(err)
	}
	talk(t, two, r2, "C: NOOP\nS: 250 2.0.0 done") // six of the bytes
	if !n.Withdraw() || n.Withdraw() {
		t.Error("the fault is not there, or twice")
	}
	talk(t, one, r, "C: NOOP\nS: 250 2.0.0 done")
	if err := n.Order(dialtest.Fault{Kind: dialtest.FaultCut, After: len("250 2.0.0 done\r\n") + 5}); err != nil {
		t.Fatal(err)
	}
	talk(t, two, r2, "C: NOOP\nS: 250 2.0.0 done")
	io.WriteString(one, "NOOP\r\n")
	if got, err := io.ReadAll(r); string(got) != "250 2" && len(got) > 0 || !errors.Is(err, syscall.ECONNRESET) || n.Withdraw() {
		t.Errorf("%q, %v", got, err)
	}
	talk(t, two, r2, "C: NOOP\nS: 250 2.0.0 done")
	if err := n.Order(dialtest.Fault{Kind: dialtest.FaultRefuse}); err != nil {
		t.Fatal(err)
	}
	talk(t, two, r2, "C: NOOP\nS: 250 2.0.0 done")
	if conn, err := net.Dial("tcp", n.Addr()); err == nil {
		if _, err := io.ReadAll(conn); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("not refused: %v", err)
		}
	}
	if err := n.Order(dialtest.Fault{Kind: dialtest.FaultStall, ToServer: true}); err != nil {
		t.Fatal(err)
	}
	io.WriteString(two, "NOOP\r\n")
	two.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if got, err := io.ReadAll(r2); len(got) > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("stalled: %q, %v", got, err)
	}
	for _, bad := range []dialtest.Fault{{Kind: 9}, {Kind: dialtest.FaultCut, After: -1}} {
		if n.Order(bad) == nil {
			t.Errorf("taken: %+v", bad)
		}
	}
	if got := fmt.Sprint(n.Faults()); got != "[{none 0 false} {none 0 false} {refuse 0 false}]" {
		t.Error(got)
	}
}

// network is one before srv.
func network(t *testing.T, srv *dialtest.Server, p dialtest.Plan) *dialtest.Network {
	t.Helper()
	n, err := dialtest.NewNetwork(srv.Addr(), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

const smtpGreeting = "220 mail.test ESMTP ready\r\n"

func TestFaults(t *testing.T) {
	srv := relay(t)
	n := network(t, srv, dialtest.Plan{Faults: []dialtest.Fault{
		{}, {Kind: dialtest.FaultRefuse}, {Kind: dialtest.FaultCut, After: 5}, {Kind: dialtest.FaultCut, ToServer: true, After: 3},
		{Kind: dialtest.FaultStall, After: len(smtpGreeting)}, {Kind: dialtest.FaultHalfOpen, ToServer: true, After: 6},
	}})
	// Nothing.
	conn := dialRaw(t, n.Addr())
	talk(t, conn, bufio.NewReader(conn), "S: 220 mail.test ESMTP ready\nC: NOOP\nS: 250 2.0.0 done\nC: QUIT\nS: 221 2.0.0 bye")
	// Refused, cut on the way to the client, and on the way to the server. A reset
	// may come so soon that the dial fails.
	for _, most := range []string{"", smtpGreeting[:5], smtpGreeting} {
		conn, err := net.Dial("tcp", n.Addr())
		if err == nil {
			_, failed := io.WriteString(conn, "NOOP\r\n") // is told of the reset, or the read is
			var got []byte
			if got, err = io.ReadAll(conn); !strings.HasPrefix(most, string(got)) {
				t.Errorf("got %q, at most %q", got, most)
			}
			err = errors.Join(failed, err)
			conn.Close()
		}
		if !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %v", err)
		}
	}
	// Stalled and half-open: what was said before arrives, and then silence.
	for _, lost := range []string{"", "250 2.0.0 done\r\n"} { // an answer under way may be lost
		conn = dialRaw(t, n.Addr())
		if _, err := io.ReadFull(conn, make([]byte, len(smtpGreeting))); err != nil {
			t.Error(err)
		}
		io.WriteString(conn, "NOOP\r\n")
		conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		if rest, err := io.ReadAll(conn); len(rest) > 0 && string(rest) != lost || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("silence: %q, %v", rest, err)
		}
	}
	if got := fmt.Sprint(n.Faults()[2:4]); got != "[{cut 5 false} {cut 3 true}]" {
		t.Errorf("%s", got)
	}
}

func TestNetworkDownAndUp(t *testing.T) {
	srv := relay(t)
	n := network(t, srv, dialtest.Plan{})
	addr := n.Addr()
	conn := dialRaw(t, addr)
	r := bufio.NewReader(conn)
	talk(t, conn, r, "S: 220 mail.test ESMTP ready")
	n.Down()
	if rest, _ := io.ReadAll(r); len(rest) > 0 { // returns, since it is cut
		t.Errorf("while down: %q", rest)
	}
	if c, err := net.Dial("tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("while down: %v, %v", c, err)
	}
	if err := n.Up(); err != nil || n.Addr() != addr {
		t.Fatalf("up: %v", err)
	}
	if code := greeting(t, addr); code != smtpGreeting {
		t.Errorf("up again: %q", code)
	}
	if e := n.Endpoint(srv.Endpoint(policy.NoTLS)); e.Address() != addr || e.Protocol != policy.SMTP {
		t.Errorf("%+v", e)
	}
	n.Close()
	if n.Up() == nil {
		t.Error("up after Close")
	}
}

// In a bubble a plan's dialer takes the time that it says.
func TestSlow(t *testing.T) {
	srv := relay(t)
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		d := dialtest.Plan{Latency: time.Second, Rate: 10}.Dialer(srv.PipeDialer())
		conn, err := d.DialContext(t.Context(), "tcp", "mail.test:25")
		if err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(conn)
		talk(t, conn, r, "S: 220 mail.test ESMTP ready")
		if passed, want := time.Since(start), time.Second+2700*time.Millisecond; passed != want {
			t.Errorf("the greeting took %v, want %v", passed, want)
		}
		start = time.Now()
		talk(t, conn, r, "C: NOOP\nS: 250 2.0.0 done")
		if passed, want := time.Since(start), 2*time.Second+600*time.Millisecond+1600*time.Millisecond; passed != want {
			t.Errorf("a round trip took %v, want %v", passed, want)
		}
		start = time.Now()
		fmt.Fprint(conn, "NOOP\r\n")
		fmt.Fprint(conn, "NOOP\r\n") // arrives 0.6 seconds later, and its reply waits for the first
		talk(t, conn, r, "S: 250 2.0.0 done\nS: 250 2.0.0 done")
		if passed, want := time.Since(start), 2*time.Second+600*time.Millisecond+2*1600*time.Millisecond; passed != want {
			t.Errorf("two round trips took %v, want %v", passed, want)
		}
		conn.Close()
	})
	d := dialtest.Plan{Refuse: 1}.Dialer(srv.PipeDialer())
	if _, err := d.DialContext(t.Context(), "tcp", "mail.test:25"); err == nil {
		t.Error("not refused")
	}
}

// A server on a Unix socket, by itself and behind a network.
func TestUnix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "smtp:25") // a path, as it has a slash
	srv := testserver.Start(t, dialtest.Config{Protocol: policy.SMTP, Unix: path})
	for _, d := range []interface{ Addr() string }{srv, network(t, srv, dialtest.Plan{})} {
		kind := "unix"
		if d.Addr() != path {
			kind = "tcp"
		}
		conn, err := net.Dial(kind, d.Addr())
		if err != nil {
			t.Fatal(err)
		}
		talk(t, conn, bufio.NewReader(conn), "S: 220 mail.test ESMTP ready\nC: QUIT\nS: 221 2.0.0 bye")
		conn.Close()
	}
	d := dial.Dialer{TLSConfig: srv.ClientConfig(), NetDialer: srv.NetDialer()}
	conn, err := d.Dial(t.Context(), srv.Endpoint(policy.RequiredSTARTTLS))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	srv.Close()
	if n := len(srv.Sessions()); n != 3 {
		t.Errorf("%d sessions", n)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
