package auth_test

import (
	"encoding/base64"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/wire"
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

// Whatever is in the words, a secret is not, and words without it are as they were.
func FuzzClean(f *testing.F) {
	f.Add("user", canary, "535 "+canary+" is wrong")
	f.Add("a", "pass", "535 the password is wrong")
	f.Add("auth", "OK", "NO [AUTHENTICATIONFAILED] not OK")
	f.Add("u", "secret1x[secret]", "[secret]1x[secret]")
	f.Add("u", "aaaaaaa1", "aaaaaaa1aaaaaaa1aaaaaaa")
	f.Fuzz(func(t *testing.T, user, secret, words string) {
		got := auth.Clean(user, "mail.test", words, secret)
		if secret == "" || got == "" {
			return
		}
		lower := func(s string) string { return strings.ToLower(strings.ToValidUTF8(s, "?")) }
		bare := strings.ReplaceAll(got, "[secret]", "\x00")
		if strings.Contains(bare, secret) || strings.Contains(bare, base64.StdEncoding.EncodeToString([]byte(secret))) {
			t.Errorf("%q is in %q", secret, got)
		}
		if len(secret) < 8 && !strings.Contains(lower(words), lower(secret)) && len(words) < 100 && !strings.HasSuffix(words, "...") &&
			!strings.Contains(lower(words), lower(base64.StdEncoding.EncodeToString([]byte(secret)))) && wire.Printable(secret) == secret && got != words {
			t.Errorf("%q became %q for %q", words, got, secret)
		}
	})
}

// Whatever a server says, a refusal before anything was sent is not one of the
// credentials, and every refusal has a kind.
func FuzzJudge(f *testing.F) {
	f.Add("NO [AUTHENTICATIONFAILED] no", "AUTHENTICATIONFAILED", true)
	f.Add("535 5.7.139 basic authentication is disabled", "5.7.139", false)
	f.Add("-ERR too many connections", "", true)
	f.Fuzz(func(t *testing.T, words, code string, guessed bool) {
		for _, kind := range []auth.Kind{auth.KindCredentials, auth.KindRefused, auth.KindMechanism, auth.KindTemporary, auth.KindLimit, auth.KindTLSRequired} {
			a := auth.Answer{Status: auth.Refused, Kind: kind, Guessed: guessed, Code: code, Reply: words}
			for _, sent := range []struct{ named, shown bool }{{false, false}, {true, false}, {true, true}} {
				got := auth.Judge(a, sent.named, sent.shown)
				if got.Kind == "" || got.Reply != words || got.Code != code {
					t.Errorf("%q: %+v", words, got)
				}
				if got.Kind == auth.KindCredentials && !sent.shown && (!sent.named || code == "") {
					t.Errorf("%q: the credentials are blamed, and were not sent", words)
				}
				if kind == auth.KindLimit && got.Kind != kind || kind == auth.KindTLSRequired && got.Kind != kind {
					t.Errorf("%q: the code said %s, and it is %s", words, kind, got.Kind)
				}
			}
		}
	})
}

// Whatever challenges a server sends, an exchange ends, and the secret is sent no
// more often than a server can ask for it: once, and once again where it may not have
// taken the first.
func FuzzExchange(f *testing.F) {
	f.Add("PLAIN", "", "go ahead", uint8(1))
	f.Add("XOAUTH2", "eyJzdGF0dXMiOiI0MDAifQ==", "", uint8(0))
	f.Add("LOGIN", "", "", uint8(2))
	f.Add("SCRAM-SHA-256", "cj0=", "ZT1vdGhlci1lcnJvcg==", uint8(3))
	f.Add("OAUTHBEARER", "e30=", "e30=", uint8(1))
	f.Fuzz(func(t *testing.T, mechanism, first, second string, ending uint8) {
		for _, w := range ways {
			if w.name != mechanism || w.only != 0 || strings.HasSuffix(w.name, "-PLUS") {
				continue
			}
			on := &transport{list: []string{w.name}, err: io.EOF}
			for _, c := range []string{first, second, first} {
				on.answers = append(on.answers, auth.Answer{Status: auth.Challenge, Challenge: c})
			}
			on.answers = append(on.answers[:ending%4], auth.Answer{Status: auth.Status(ending / 4 % 3), Kind: auth.KindRefused, Reply: second}, yes, yes)
			_, err := authenticate(t, on, w.creds)
			sent := 0
			for _, line := range on.log {
				if strings.Contains(line, canary) {
					sent++
				}
			}
			if len(on.log) > 12 || sent > 2 {
				t.Errorf("%q", on.log)
			}
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Error(err)
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
