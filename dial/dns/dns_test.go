package dns_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/test/fakenet"
)

const (
	local  = "127.0.0.1:53" // trusted without being told
	remote = "192.0.2.53:53"
	third  = "192.0.2.54:53"
)

const tlsa = dnsmessage.Type(52)

// resolver returns one on n that asks servers.
func resolver(n *fakenet.Net, servers ...string) *dns.Resolver {
	r := &dns.Resolver{Dial: n.DialContext}
	for _, s := range servers {
		r.Servers = append(r.Servers, netip.MustParseAddrPort(s))
	}
	return r
}

// in runs a test in a bubble, on a network of its own.
func in(t *testing.T, f func(*testing.T, *fakenet.Net)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := fakenet.New(t)
		f(t, n)
		if open := n.Open(); open != 0 {
			t.Errorf("%d connections are left open", open)
		}
	})
}

// zone serves some names at local and remote.
func zone(n *fakenet.Net) *fakenet.Names {
	names := new(fakenet.Names)
	names.Add(
		"example.org MX 10 mail.example.org.",
		"example.org MX 20 Mail2.EXAMPLE.org.",
		"mail.example.org A 192.0.2.1",
		"mail.example.org AAAA 2001:db8::1",
		"_imaps._tcp.example.org SRV 0 1 993 mail.example.org.",
		"_submissions._tcp.example.org SRV 0 0 0 .",
		`txt.example.org TXT "v=one" "; two"`,
		"alias.example.org CNAME alias2.example.org.",
		"alias2.example.org CNAME mail.example.org.",
		"away.example.org CNAME mail.example.net.",
		"mail.example.net A 192.0.2.2",
		"loop.example.org CNAME loop2.example.org.",
		"loop2.example.org CNAME loop.example.org.",
		"gone.example.org CNAME nowhere.example.org.",
	)
	names.Sign("example.org")
	names.Serve(n, local)
	names.Serve(n, remote)
	return names
}

// show writes an answer in one line.
func show(a *dns.Answer, err error) string {
	if err != nil {
		return "error"
	}
	var s []string
	for _, r := range a.Records {
		switch b := r.Body.(type) {
		case *dnsmessage.AResource:
			s = append(s, netip.AddrFrom4(b.A).String())
		case *dnsmessage.MXResource:
			s = append(s, fmt.Sprint(b.Pref, " ", b.MX))
		case *dnsmessage.SRVResource:
			s = append(s, fmt.Sprint(b.Priority, " ", b.Weight, " ", b.Port, " ", b.Target))
		case *dnsmessage.TXTResource:
			s = append(s, fmt.Sprintf("%q", b.TXT))
		case *dnsmessage.CNAMEResource:
			s = append(s, b.CNAME.String())
		default:
			s = append(s, fmt.Sprintf("%T", b))
		}
	}
	if a.Absent != dns.Present {
		s = append(s, a.Absent.String())
	}
	if a.Chain != nil {
		s = append(s, "by "+strings.Join(a.Chain, ","))
	}
	if a.Secure {
		s = append(s, "secure")
	}
	return strings.Join(s, "; ")
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name string
		kind dnsmessage.Type
		want string
	}{
		{"example.org", dnsmessage.TypeMX, "10 mail.example.org.; 20 Mail2.EXAMPLE.org.; secure"},
		{"EXAMPLE.org.", dnsmessage.TypeMX, "10 mail.example.org.; 20 Mail2.EXAMPLE.org.; secure"},
		{"mail.example.org", dnsmessage.TypeA, "192.0.2.1; secure"},
		{"_imaps._tcp.example.org", dnsmessage.TypeSRV, "0 1 993 mail.example.org.; secure"},
		{"_submissions._tcp.example.org", dnsmessage.TypeSRV, "0 0 0 .; secure"},
		{"txt.example.org", dnsmessage.TypeTXT, `["v=one" "; two"]; secure`},
		{"mail.example.org", tlsa, "no data; secure"},
		{"_tcp.example.org", dnsmessage.TypeA, "no data; secure"}, // names below it
		{"nowhere.example.org", dnsmessage.TypeA, "no such name; secure"},
		{"mail.example.net", dnsmessage.TypeA, "192.0.2.2"},
		{"nowhere.example.net", dnsmessage.TypeA, "no such name"},
		{"alias.example.org", dnsmessage.TypeA, "192.0.2.1; by alias2.example.org,mail.example.org; secure"},
		{"alias.example.org", dnsmessage.TypeMX, "no data; by alias2.example.org,mail.example.org; secure"},
		{"alias.example.org", dnsmessage.TypeCNAME, "alias2.example.org.; secure"},
		{"mail.example.org", dnsmessage.TypeCNAME, "no data; secure"},
		{"away.example.org", dnsmessage.TypeA, "192.0.2.2; by mail.example.net"}, // an alias out of the signed zone
		{"gone.example.org", dnsmessage.TypeA, "no such name; by nowhere.example.org; secure"},
		{"loop.example.org", dnsmessage.TypeA, "error"},
	} {
		in(t, func(t *testing.T, n *fakenet.Net) {
			zone(n)
			got := show(resolver(n, local).Ask(t.Context(), c.name, c.kind))
			if got != c.want {
				t.Errorf("%s %v:\n%s, want\n%s", c.name, c.kind, got, c.want)
			}
		})
	}
}

// Only a resolver on loopback is believed, and those that the program trusts.
func TestTrust(t *testing.T) {
	for _, c := range []struct {
		server     string
		trustAD    bool
		secure, ad bool
	}{
		{local, false, true, true},
		{"[::1]:53", false, true, true},
		{remote, false, false, true},
		{remote, true, true, true},
	} {
		in(t, func(t *testing.T, n *fakenet.Net) {
			zone(n).Serve(n, c.server)
			r := resolver(n, c.server)
			r.TrustAD = c.trustAD
			for _, name := range []string{"mail.example.org", "nowhere.example.org"} {
				a, err := r.Ask(t.Context(), name, dnsmessage.TypeA)
				if err != nil || a.Secure != c.secure || a.AD != c.ad || a.Server.String() != c.server {
					t.Errorf("%+v, %s: %+v, %v", c, name, a, err)
				}
			}
			a, err := r.Ask(t.Context(), "mail.example.net", dnsmessage.TypeA)
			if err != nil || a.Secure || a.AD {
				t.Errorf("%+v, an unsigned name: %+v, %v", c, a, err)
			}
		})
	}
}

// One server after the other is asked, each a bounded number of times, and those
// that have spoken not again.
func TestServersInTurn(t *testing.T) {
	for name, c := range map[string]struct {
		servers []string
		how     map[string]string // by server
		want    string
		asked   map[string]int
	}{
		"first silent":       {[]string{remote, third}, map[string]string{remote: "silent"}, "192.0.2.1", map[string]int{remote: 1, third: 1}},
		"first refuses":      {[]string{remote, third}, map[string]string{remote: "REFUSED"}, "192.0.2.1", map[string]int{remote: 1, third: 1}},
		"first fails":        {[]string{remote, third}, map[string]string{remote: "SERVFAIL"}, "192.0.2.1", map[string]int{remote: 1, third: 1}},
		"trusted one fails":  {[]string{local, remote}, map[string]string{local: "SERVFAIL"}, "error", map[string]int{local: 1}},
		"trusted one silent": {[]string{remote, local}, map[string]string{local: "silent"}, "error", map[string]int{local: 3}},
		"trusted and other":  {[]string{remote, local}, nil, "192.0.2.1", map[string]int{local: 1}},
		"all silent":         {[]string{remote, third}, map[string]string{remote: "silent", third: "silent"}, "error", map[string]int{remote: 3, third: 3}},
		"silent and refuses": {[]string{remote, third}, map[string]string{remote: "silent", third: "REFUSED"}, "error", map[string]int{remote: 3, third: 1}},
	} {
		in(t, func(t *testing.T, n *fakenet.Net) {
			asked := map[string]int{}
			for _, s := range c.servers {
				names := new(fakenet.Names)
				names.Add("mail.example.org A 192.0.2.1")
				names.Fail("* *", c.how[s])
				n.ListenPacket(s, func(q []byte) [][]byte {
					asked[s]++
					if msg := names.Answer(q); msg != nil {
						return [][]byte{msg}
					}
					return nil
				})
			}
			start := time.Now()
			a, err := resolver(n, c.servers...).Ask(t.Context(), "mail.example.org", dnsmessage.TypeA)
			if got := show(a, err); got != c.want || fmt.Sprint(asked) != fmt.Sprint(c.asked) {
				t.Errorf("%s: %s, %v after %v", name, got, err, asked)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("%s: took %v", name, took)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		how   string
		rcode dnsmessage.RCode
		says  string
		cause error
	}{
		"silent":   {"silent", 0, "no answer in 6s", context.DeadlineExceeded},
		"SERVFAIL": {"SERVFAIL", dnsmessage.RCodeServerFailure, "SERVFAIL", nil},
		"REFUSED":  {"REFUSED", dnsmessage.RCodeRefused, "REFUSED", nil},
	} {
		in(t, func(t *testing.T, n *fakenet.Net) {
			names := zone(n)
			names.Fail("* *", c.how)
			r := resolver(n, remote)
			r.Timeout = 6 * time.Second
			start := time.Now()
			_, err := r.Ask(t.Context(), "example.org", dnsmessage.TypeMX)
			var failed *dns.Error
			if !errors.As(err, &failed) || failed.Server.String() != remote || failed.RCode != c.rcode || !failed.Temporary() {
				t.Fatalf("%s: %#v", name, err)
			}
			if !strings.HasPrefix(err.Error(), "dns: MX example.org at "+remote+": ") || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: says %q", name, err)
			}
			if c.cause != nil && !errors.Is(err, c.cause) {
				t.Errorf("%s: %v is not in the chain", name, c.cause)
			}
			if took := time.Since(start); c.how == "silent" && took != 6*time.Second {
				t.Errorf("%s: took %v", name, took)
			}
		})
	}
}

// The end of the context is at once the end of the call, and in its error.
func TestContextEnds(t *testing.T) {
	why := errors.New("the user went away")
	for name, network := range map[string]func(*fakenet.Net){
		"before the answer":     func(n *fakenet.Net) {},
		"connecting over TCP":   func(n *fakenet.Net) { truncate(n, remote); n.Listen(remote, nil) },
		"before the TCP answer": func(n *fakenet.Net) { truncate(n, remote); n.Listen(remote, hang) },
		"within the TCP answer": func(n *fakenet.Net) { truncate(n, remote); n.Listen(remote, drip) },
	} {
		in(t, func(t *testing.T, n *fakenet.Net) {
			network(n)
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(why) })
			start := time.Now()
			_, err := resolver(n, remote, third).Ask(ctx, "example.org", dnsmessage.TypeMX)
			var failed *dns.Error
			if !errors.As(err, &failed) || !errors.Is(err, context.Canceled) || !errors.Is(err, why) {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(start); took != time.Second {
				t.Errorf("%s: took %v", name, took)
			}
			if strings.Contains(strings.Join(n.Dialled(), " "), third) {
				t.Errorf("%s: another server was asked afterwards", name)
			}
		})
	}
}

func TestNoContext(t *testing.T) {
	in(t, func(t *testing.T, n *fakenet.Net) {
		var none context.Context
		_, err := resolver(n, remote).Ask(none, "example.org", dnsmessage.TypeMX)
		var failed *dns.Error
		if !errors.As(err, &failed) || failed.Temporary() || failed.Server.IsValid() {
			t.Errorf("%#v", err)
		}
	})
}

// What is wrong with the call is said before anything is sent.
func TestBadCalls(t *testing.T) {
	long := strings.Repeat("a.", 130) + "example.org"
	for name, c := range map[string]struct {
		r    *dns.Resolver
		name string
	}{
		"empty":         {nil, ""},
		"root":          {nil, "."},
		"empty label":   {nil, "a..example.org"},
		"long label":    {nil, strings.Repeat("a", 64) + ".example.org"},
		"long name":     {nil, long},
		"blank":         {nil, "a b.example.org"},
		"NUL":           {nil, "a\x00.example.org"},
		"line break":    {nil, "a\r\n.example.org"},
		"invalid UTF-8": {nil, "\xff.example.org"},
		"bidi":          {nil, "a\u202eb.example.org"},
		"no servers":    {&dns.Resolver{Servers: []netip.AddrPort{}}, "example.org"},
		"zero server":   {&dns.Resolver{Servers: make([]netip.AddrPort, 1)}, "example.org"},
		"no port":       {&dns.Resolver{Servers: []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), 0)}}, "example.org"},
		"no file":       {dns.WithConf(t.TempDir() + "/none"), "example.org"},
	} {
		in(t, func(t *testing.T, n *fakenet.Net) {
			r := c.r
			if r == nil {
				r = resolver(n, remote)
			}
			r.Dial = n.DialContext
			_, err := r.Ask(t.Context(), c.name, dnsmessage.TypeMX)
			var failed *dns.Error
			if !errors.As(err, &failed) || failed.Temporary() || failed.Server.IsValid() {
				t.Errorf("%s: %#v", name, err)
			}
			if text := err.Error(); len(text) > 512 || strings.ContainsAny(text, "\r\n\x00\u202e") {
				t.Errorf("%s: %q", name, text)
			}
			if d := n.Dialled(); d != nil {
				t.Errorf("%s: dialled %q", name, d)
			}
		})
	}
}

// A type that no record has would always seem to be absent.
func TestTypesOfQuestions(t *testing.T) {
	in(t, func(t *testing.T, n *fakenet.Net) {
		zone(n)
		for kind, ok := range map[dnsmessage.Type]bool{0: false, dnsmessage.TypeOPT: false, dnsmessage.TypeALL: false, dnsmessage.TypeAXFR: false, 128: false, 127: true, 256: true, dns.TypeTLSA: true} {
			_, err := resolver(n, remote).Ask(t.Context(), "example.org", kind)
			var failed *dns.Error
			if (err == nil) != ok || !ok && (!errors.As(err, &failed) || failed.Temporary()) {
				t.Errorf("%v: %v", kind, err)
			}
		}
	})
}
