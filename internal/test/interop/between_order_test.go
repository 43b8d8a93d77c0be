package interop

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
)

// act makes an event, when the one before has happened.
func (b *between) act(t *testing.T, event string) string {
	t.Helper()
	b.settle(t)
	kind := map[string]dialtest.FaultKind{"cut": dialtest.FaultCut, "stall": dialtest.FaultStall, "half-open": dialtest.FaultHalfOpen}[event]
	switch event {
	case "BYE":
		if !b.bye() {
			return "none"
		}
	case "IDLE refused":
		b.order(" IDLE ")
	case "login refused":
		b.order(" AUTHENTICATE LOGIN AUTH PASS ")
		b.HangUp()
	default:
		b.fault = dialtest.Fault{Kind: kind, After: rand.N(2000), ToServer: rand.N(2) == 0}
		if err := b.Order(b.fault); err != nil {
			t.Fatal(err)
		}
	}
	return event
}

// order has the next of these commands refused.
func (b *between) order(commands string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuse = commands
}

// settle waits until what was ordered has happened. A session that does not come to it is
// cut off now and then.
func (b *between) settle(t *testing.T) {
	t.Helper()
	begun, tick := time.Now(), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for n := 1; b.pending(t); n++ {
		if time.Since(begun) > patience {
			t.Fatal("what was ordered does not happen")
		}
		if <-tick.C; n%100 == 0 {
			b.HangUp()
		}
	}
}

func (b *between) pending(t *testing.T) bool {
	t.Helper()
	if b.Withdraw() {
		b.fault.After /= 2
		if err := b.Order(b.fault); err != nil {
			t.Fatal(err)
		}
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refuse != ""
}

// events is how many events a watch of a real server goes through.
func events() int {
	if os.Getenv("MAILCONN_FULL") != "" {
		return 1000
	}
	return 50
}

// restart kills a server and starts it again.
func restart(server finder) string {
	dies, ok := server.(interface {
		Kill()
		Start()
	})
	if !ok {
		return "none"
	}
	dies.Kill()
	dies.Start()
	return "server"
}

// refuses reports whether a command is to be refused, and takes the order back.
func (b *between) refuses(line string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	words := append(strings.Fields(line), "", "")
	verb := words[0]
	if b.protocol == policy.IMAP {
		verb = words[1]
	}
	if verb == "" || !strings.Contains(b.refuse, " "+strings.ToUpper(verb)+" ") {
		return false
	}
	b.refuse = ""
	return true
}

// bye ends the sessions with a BYE, and reports whether there was one.
func (b *between) bye() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for r := range b.links {
		r.write("* BYE [UNAVAILABLE] restarting\r\n")
		r.close()
	}
	return len(b.links) > 0
}
