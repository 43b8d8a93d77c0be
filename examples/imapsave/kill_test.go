package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/examples/internal/savetest"
	"github.com/mailconn/mailconn/internal/test/child"
	"github.com/mailconn/mailconn/policy"
)

// kills is how often TestKilled kills the program: two hundred times if MAILCONN_FULL is
// set.
func kills() int {
	if os.Getenv("MAILCONN_FULL") != "" {
		return 200
	}
	return 20
}

// TestKilled kills the program at random points of its progress, while mail comes in: at the
// end each message was saved exactly once.
func TestKilled(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	texts := batch("first", 60)
	s.Deliver(texts...)
	// The network is slow, so that a run has not come to its end when it is seen to have begun.
	network, err := dialtest.NewNetwork(s.Addr(), dialtest.Plan{Rate: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { network.Close() })
	args := command(t, s, network.Endpoint(s.Endpoint(policy.ImplicitTLS)), dir)
	var v child.Victim
	ended := 0
	for i := range kills() {
		files := count(dir) + 1 + rand.N(20)
		if early, err := v.Run(t, child.Command(t, "imapsave", args...), 1<<30, func() bool { return count(dir) >= files }); err != nil && early {
			t.Errorf("a run has failed: %v", err)
		} else if err == nil {
			ended++
		}
		more := batch(fmt.Sprint(i), 25)
		texts = append(texts, more...)
		s.Deliver(more...)
	}
	if out, err := child.Command(t, "imapsave", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	savetest.Once(t, dir, texts)
	savetest.Swept(t, dir)
	if ended > kills()/2 {
		t.Errorf("%d of %d runs came to their end", ended, kills())
	}
	t.Logf("%d runs were killed, and %d came to their end; %d messages", kills()-ended, ended, len(texts))
}

// count counts the files that were made.
func count(dir string) (n int) {
	for _, sub := range []string{"tmp", "new", "cur"} {
		files, _ := os.ReadDir(filepath.Join(dir, sub))
		n += len(files)
	}
	return n
}
