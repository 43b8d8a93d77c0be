package policy_test

import (
	"encoding/json"
	"flag"
	"io"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/policy"
)

// named has the name and the number of each policy. The numbers are fixed as well,
// since programs may have stored them.
var named = []struct {
	word string
	p    policy.Policy
	n    uint8
}{
	{"no-tls", policy.NoTLS, 1},
	{"implicit-tls", policy.ImplicitTLS, 2},
	{"opportunistic-starttls", policy.OpportunisticSTARTTLS, 3},
	{"required-starttls", policy.RequiredSTARTTLS, 4},
}

func TestRoundTrips(t *testing.T) {
	for _, c := range named {
		if uint8(c.p) != c.n || !c.p.Valid() || c.p.String() != c.word {
			t.Errorf("%s: is %d, %q, valid %v", c.word, c.p, c.p, c.p.Valid())
		}
		if p, err := policy.Parse(c.word); p != c.p || err != nil {
			t.Errorf("Parse(%q) = %v, %v", c.word, p, err)
		}
		text, err := c.p.MarshalText()
		if string(text) != c.word || err != nil {
			t.Errorf("MarshalText of %v: %q, %v", c.p, text, err)
		}
		var p policy.Policy
		if err := p.UnmarshalText(text); p != c.p || err != nil {
			t.Errorf("UnmarshalText(%q) = %v, %v", text, p, err)
		}
		var in, out struct{ P policy.Policy }
		in.P = c.p
		j, err := json.Marshal(in)
		if err != nil || string(j) != `{"P":"`+c.word+`"}` {
			t.Errorf("JSON of %v: %s, %v", c.p, j, err)
		}
		if err := json.Unmarshal(j, &out); out != in || err != nil {
			t.Errorf("from JSON: %v, %v", out, err)
		}
		var f policy.Policy
		fs := flag.NewFlagSet("x", flag.ContinueOnError)
		fs.TextVar(&f, "policy", policy.NoTLS, "")
		if err := fs.Parse([]string{"-policy", c.word}); f != c.p || err != nil {
			t.Errorf("flag: %v, %v", f, err)
		}
	}
}

func TestUnset(t *testing.T) {
	var p policy.Policy
	if p.Valid() || p.STARTTLS() || p.String() != "unset" {
		t.Errorf("zero policy: valid %v, STARTTLS %v, %q", p.Valid(), p.STARTTLS(), p)
	}
	if text, err := p.MarshalText(); len(text) != 0 || err != nil {
		t.Errorf("MarshalText: %q, %v", text, err)
	}
	p = policy.NoTLS
	if err := p.UnmarshalText(nil); p != 0 || err != nil {
		t.Errorf("UnmarshalText of nothing: %v, %v", p, err)
	}
	if p, err := policy.Parse(""); p != 0 || err != nil {
		t.Errorf("Parse of nothing: %v, %v", p, err)
	}
}

func TestUnknownWords(t *testing.T) {
	words := []string{
		"unset", "none", "tls", "plain", "NO-TLS", "Required-STARTTLS", " no-tls", "no-tls ", "no-tls\n",
		"requiredstarttls", "0", "1", "policy(1)", "no-tl\u017f", "\xff", strings.Repeat("x", 10000),
	}
	for _, w := range words {
		p := policy.RequiredSTARTTLS
		err := p.UnmarshalText([]byte(w))
		if err == nil || p != policy.RequiredSTARTTLS {
			t.Errorf("%.20q: %v, %v", w, p, err)
			continue
		}
		for _, c := range named {
			if !strings.Contains(err.Error(), c.word) {
				t.Errorf("%.20q: error does not name %s: %v", w, c.word, err)
			}
		}
		if len(err.Error()) > 512 {
			t.Errorf("%.20q: error of %d bytes", w, len(err.Error()))
		}
	}
	fs := flag.NewFlagSet("x", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.TextVar(new(policy.Policy), "policy", policy.NoTLS, "")
	if fs.Parse([]string{"-policy", "starttls"}) == nil {
		t.Error("flag took an unknown word")
	}
	if json.Unmarshal([]byte(`1`), new(policy.Policy)) == nil {
		t.Error("JSON took a number")
	}
}

func TestNoPolicy(t *testing.T) {
	for _, p := range []policy.Policy{5, 9, 255} {
		if _, err := p.MarshalText(); err == nil || p.Valid() || p.STARTTLS() || !strings.HasPrefix(p.String(), "policy(") {
			t.Errorf("%d: valid %v, STARTTLS %v, %q, %v", p, p.Valid(), p.STARTTLS(), p, err)
		}
	}
}

func TestSTARTTLS(t *testing.T) {
	want := map[policy.Policy]bool{policy.OpportunisticSTARTTLS: true, policy.RequiredSTARTTLS: true}
	for _, c := range named {
		if c.p.STARTTLS() != want[c.p] {
			t.Errorf("%v: %v", c.p, c.p.STARTTLS())
		}
	}
}

func TestDefaultPort(t *testing.T) {
	const no, imp, opp, req = policy.NoTLS, policy.ImplicitTLS, policy.OpportunisticSTARTTLS, policy.RequiredSTARTTLS
	for _, c := range []struct {
		proto policy.Protocol
		name  string
		ports map[policy.Policy]uint16
	}{
		{0, "unset", nil},
		{policy.IMAP, "imap", map[policy.Policy]uint16{no: 143, imp: 993, opp: 143, req: 143}},
		{policy.POP3, "pop3", map[policy.Policy]uint16{no: 110, imp: 995, opp: 110, req: 110}},
		{policy.Submission, "submission", map[policy.Policy]uint16{no: 587, imp: 465, opp: 587, req: 587}},
		{policy.SMTP, "smtp", map[policy.Policy]uint16{no: 25, imp: 465, opp: 25, req: 25}},
		{5, "protocol(5)", nil},
	} {
		if c.proto.String() != c.name || c.proto.Valid() != (c.ports != nil) {
			t.Errorf("%d: %q, valid %v", c.proto, c.proto, c.proto.Valid())
		}
		for p := policy.Policy(0); p < 6; p++ {
			if got := c.proto.DefaultPort(p); got != c.ports[p] {
				t.Errorf("%v %v: port %d, want %d", c.proto, p, got, c.ports[p])
			}
		}
	}
}

func TestProtocolText(t *testing.T) {
	for _, name := range []string{"", "imap", "pop3", "submission", "smtp"} {
		var p policy.Protocol
		if err := p.UnmarshalText([]byte(name)); err != nil || p.Valid() != (name != "") {
			t.Errorf("%q: %v, %v", name, p, err)
		}
		if text, err := p.MarshalText(); string(text) != name || err != nil {
			t.Errorf("%q: %q, %v", name, text, err)
		}
	}
	for _, name := range []string{"IMAP", "imaps", " pop3", "unset"} {
		p := policy.IMAP
		if err := p.UnmarshalText([]byte(name)); err == nil || p != policy.IMAP || !strings.Contains(err.Error(), "imap, pop3, submission, smtp") {
			t.Errorf("%q: %v, %v", name, p, err)
		}
	}
	if _, err := policy.Protocol(9).MarshalText(); err == nil {
		t.Error("9 is a protocol")
	}
}
