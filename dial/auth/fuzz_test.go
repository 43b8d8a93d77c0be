package auth_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/auth"
)

// Whatever a server says in SCRAM, there is no panic, the client never counts
// it as proof, which cannot be guessed, and never answers without its own nonce
// and an iteration count within the limits.
func FuzzSCRAM(f *testing.F) {
	const nonce = "fyko+d2lbbFgONRv9qkxdawL"
	f.Add("r="+nonce+"3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")
	f.Add("r="+nonce+",s=QQ==,i=2147483648", "e=other-error")
	f.Add("m=x,r=,s=,i=", "v=")
	f.Add("e=invalid-proof", "")
	f.Fuzz(func(t *testing.T, first, last string) {
		c, complete := auth.SCRAM("SCRAM-SHA-256", "user", "pencil", nonce)
		c.Start()
		begin := time.Now()
		got, err := c.Next([]byte(first))
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("took %v", took)
		}
		if err == nil && (!strings.HasPrefix(first, "r="+nonce) || !strings.Contains(string(got), ",p=")) {
			t.Errorf("%q was answered by %q", first, got)
		}
		c.Next([]byte(last))
		if complete() == nil {
			t.Errorf("%q, %q prove nothing", first, last)
		}
	})
}

// Whatever a server says about a token is printable and bounded.
func FuzzTokenError(f *testing.F) {
	f.Add([]byte(tokenJSON))
	f.Add([]byte(`{"status":401,"scope":"\u001b[2J"}`))
	f.Add([]byte(`{"status":{"a":["b"]}}`))
	f.Fuzz(func(t *testing.T, challenge []byte) {
		e, err := auth.ParseTokenError(challenge)
		if err != nil {
			return
		}
		for _, s := range []string{e.Error(), e.Status, e.Scope, e.Discovery} {
			if len(s) > 512 || strings.ContainsAny(s, "\x00\r\n\x1b\u202e") {
				t.Errorf("%q", s)
			}
		}
	})
}

// The guard costs nothing whatever count is asked for; the most that is worked
// for is measured.
func TestIterationGuard(t *testing.T) {
	const nonce = "abc"
	for _, count := range []string{"2147483648", "1000001", "99999999999999999999999999", "1", "4095"} {
		allocs := testing.AllocsPerRun(100, func() {
			if auth.CheckFirst("r=abcd,s=QQ==,i="+count, nonce) == nil {
				t.Fatalf("%s passed", count)
			}
		})
		if allocs > 20 {
			t.Errorf("%s: %v allocations", count, allocs)
		}
	}
	c, _ := auth.SCRAM("SCRAM-SHA-256", "user", "pencil", nonce)
	c.Start()
	begin := time.Now()
	if _, err := c.Next([]byte("r=abcd,s=QQ==,i=1000000")); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d iterations: %v", auth.MaxIterations, time.Since(begin))
}

func BenchmarkIterationGuard(b *testing.B) {
	for b.Loop() {
		auth.CheckFirst("r=abcd,s=QQ==,i=2147483648", "abc")
	}
}
