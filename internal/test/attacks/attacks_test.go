// Package attacks_test plays every hostile server of internal/test/script to the
// library, under every policy and in several segmentations, and looks at what
// the caller got and at what the server saw.
package attacks_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mailconn/mailconn/internal/test/papers"
	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/internal/test/sockettest"
)

// What must not be seen in the clear.
const (
	canaryUser     = "canary-user@mail.test"
	canaryPassword = "canary-password"
	canaryFrom     = "canary-from@mail.test"
	canaryTo       = "canary-to@mail.test"
	canarySubject  = "canary-subject"
	canaryBody     = "canary-body"
)

func TestAttacks(t *testing.T) {
	cases, err := script.Cases()
	if err != nil {
		t.Fatal(err)
	}
	player := scripttest.New(t)
	results := tally{}
	played, elsewhere, pending := 0, 0, 0
	for _, c := range cases {
		switch {
		case c.Pending != "":
			pending++
			continue
		case c.Elsewhere != "":
			elsewhere++
			checkExists(t, c)
			continue
		case len(c.Expect) == 0:
			t.Errorf("%s: nothing is expected of it", c.Name)
		}
		played++
		t.Run(c.Name, func(t *testing.T) { play(t, player, c, results) })
	}
	t.Log(results)
	total := results.total()
	t.Logf("%d cases: %d played, %d times in all; %d shown by other tests, %d pending", len(cases), played, total, elsewhere, pending)
	all := results["~ all"]
	papers.Says(t, "README.md", "run had %d cases. %d of them were played, %d times: %d were refused with a typed error, %d ended in verified TLS, %d in a visible downgrade, and %d in the clear under `NoTLS`. %d cases are shown by tests of their own, and %d wait for",
		len(cases), played, total, all["refused"], all["verified TLS"], all["downgrade"], all["no-tls"], elsewhere, pending)
	papers.Says(t, "SECURITY.md", "%d scripts played %d times", played, total)
}

// checkExists looks for the test that a case names.
func checkExists(t *testing.T, c *script.Case) {
	t.Helper()
	dir, name, _ := strings.Cut(c.Elsewhere, " ")
	files, err := filepath.Glob(filepath.Join("..", "..", "..", dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), "func "+name+"(") {
			return
		}
	}
	t.Errorf("%s: there is no %s in %s", c.Name, name, dir)
}

// play plays a case under each policy that it is for and in every segmentation,
// to a client that only dials and to one that begins a session.
func play(t *testing.T, player *scripttest.Player, c *script.Case, results tally) {
	for _, p := range script.Policies() {
		if _, applies := c.Expect[p]; !applies {
			continue
		}
		for _, segments := range c.Segmentations() {
			for _, session := range []bool{false, true} {
				a := &attempt{Case: c, policy: p, session: session, ca: player.CA}
				name, want := fmt.Sprintf("%v/%v/dial", p, segments), c.Expect[p]
				if session {
					name, want = fmt.Sprintf("%v/%v/session", p, segments), c.Session(p)
				}
				run := func(t *testing.T) {
					stage := player.Stage(t, c.Protocol)
					stage.Segments = segments
					a.run(t, stage, want, results)
				}
				if c.Resets() { // needs TCP
					t.Run(name, run)
				} else {
					t.Run(name, func(t *testing.T) { synctest.Test(t, run) })
				}
			}
		}
	}
}

// run makes the attempt and checks what came of it.
func (a *attempt) run(t *testing.T, stage script.Stage, want script.Outcome, results tally) {
	client, server := pipe(t, a.Resets())
	record := make(chan *script.Record, 1)
	go func() { record <- a.Serve(server, a.policy, stage) }()
	got := a.connect(t, client)
	seen := <-record
	results.add(a.Name, got)
	check(t, want, got)
	if got.worked != nil {
		t.Errorf("the session did not work: %v", got.worked)
	}
	for _, line := range seen.Unexpected {
		t.Errorf("the client said more than it should have: %q", line)
	}
	a.checkClear(t, seen)
}

// pipe returns the ends of a connection in memory, or of one over TCP.
func pipe(t *testing.T, overTCP bool) (client, server net.Conn) {
	if !overTCP {
		return net.Pipe()
	}
	return sockettest.Pair(t, "tcp")
}
