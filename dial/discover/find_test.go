package discover_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/internal/test/fakenet"
	"github.com/mailconn/mailconn/policy"
)

type netConn = net.Conn

func fakenetCA(t *testing.T) *fakenet.CA { return fakenet.NewCA(t) }

// siteOn serves a site on one connection.
func (w *world) siteOn(c net.Conn, name string, h http.HandlerFunc) {
	fakenet.Web(w.CA.Server(name), h)(c)
}

// mailOn serves a protocol with implicit TLS.
func mailOn(w *world, p policy.Protocol, name string) func(net.Conn) {
	return fakenet.Mail(p, policy.ImplicitTLS, w.CA.Server(name), nil)
}

func rowAddresses(t *testing.T, w *world) {
	w.Names.Add("_imaps._tcp.example.org SRV 0 1 993 imap.example.org.", "_imaps._tcp.xn--mnchen-3ya.example SRV 0 1 993 imap.xn--mnchen-3ya.example.")
	for _, c := range []struct {
		address string
		users   []string
		host    string
	}{
		{`joe+tag@Example.ORG`, []string{`joe+tag@example.org`, `joe+tag`}, "imap.example.org"},
		{`"joe @ \"home\""@example.org`, []string{`"joe @ \"home\""@example.org`, `"joe @ \"home\""`}, "imap.example.org"},
		{`Joe.O'Neil%x@example.org.`, []string{`Joe.O'Neil%x@example.org`, `Joe.O'Neil%x`}, "imap.example.org"},
		{`jörg@München.example`, []string{`jörg@xn--mnchen-3ya.example`, `jörg@münchen.example`, `jörg`}, "imap.xn--mnchen-3ya.example"},
		{"jörg@mün\u00adchen。example.", []string{`jörg@xn--mnchen-3ya.example`, `jörg@münchen.example`, `jörg`}, "imap.xn--mnchen-3ya.example"},
		{`jörg@xn--mnchen-3ya.example`, []string{`jörg@xn--mnchen-3ya.example`, `jörg@münchen.example`, `jörg`}, "imap.xn--mnchen-3ya.example"},
	} {
		res, err := discover.Find(t.Context(), c.address, w.options())
		if err != nil {
			t.Errorf("%s: %v", c.address, err)
			continue
		}
		if got := res.Reading.Ready; len(got) != 1 || got[0].Endpoint.Host != c.host || !slices.Equal(got[0].Users, c.users) {
			t.Errorf("%s: %+v", c.address, got)
		}
	}
	asked := len(w.Names.Asked())
	for _, bad := range []string{
		"", "joe", "@example.org", "joe@", "joe@.", "joe@a..b", "joe@exa mple.org", "joe@[192.0.2.1]", "joe@192.0.2.1", "joe@192.0.2.1.", "joe@[IPv6:2001:db8::1]", "joe@2001:db8::1",
		"joe smith@example.org", "joe@home@example.org", `"joe@example.org`, `""@example.org`, "joe\r\nRCPT TO:<x>@example.org", "joe\x00@example.org", "\xff@example.org",
		".joe@example.org", "joe.@example.org", "j..e@example.org", "joe\u202e@example.org", "joe@ex\u202eample.org",
		strings.Repeat("a", 65) + "@example.org", strings.Repeat("a", 64) + "@" + strings.Repeat("a.", 90) + "example.org", "joe@" + strings.Repeat("a.", 140) + "example.org", "joe@" + strings.Repeat("a", 300), "<joe@example.org>", "mailto:joe@example.org",
	} {
		res, err := discover.Find(t.Context(), bad, w.options())
		if res != nil || !errors.Is(err, discover.ErrAddress) || len(err.Error()) > 512 || strings.ContainsAny(err.Error(), "\r\n\x00\u202e") {
			t.Errorf("%q: %v, %v", bad, res, err)
		}
	}
	if len(w.Names.Asked()) != asked {
		t.Error("something was asked for what is no address")
	}
}

func rowSlow(t *testing.T, w *world) {
	doc := paccDoc("mail.hoster.net")
	slow := func(d time.Duration) http.HandlerFunc {
		return func(rw http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(d):
				fakenet.Page(paccPath, doc)(rw, r)
			case <-r.Context().Done():
			}
		}
	}
	w.Site("ua-auto-config.example.org", slow(2*time.Second))
	w.Names.Add(`_ua-auto-config.example.org TXT "` + digest(doc) + `"`)
	w.Names.Add("_imaps._tcp.example.org SRV 0 1 993 imap.example.org.", "_submissions._tcp.example.org SRV 0 1 465 mail.hoster.net.")
	start := time.Now()
	expect(t, w.find(nil), `
		read ready imaps://mail.hoster.net:993 pacc/HTTPS of the domain, digest in unsigned DNS
		read ready imaps://imap.example.org:993 srv/unsigned DNS
		send ready submissions://mail.hoster.net:465 pacc/HTTPS of the domain, digest in unsigned DNS, srv/unsigned DNS
		empty autoconfig`)
	if took := time.Since(start); took != 2*time.Second {
		t.Errorf("took %v", took)
	}
	o := w.options()
	o.Timeout = time.Second
	start = time.Now()
	res := w.find(o)
	expect(t, res, `
		read ready imaps://imap.example.org:993 srv/unsigned DNS
		send ask submissions://mail.hoster.net:465 srv/unsigned DNS
		empty autoconfig
		failed pacc`)
	if err := failure(res, discover.PACC); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

// A web server that stalls, wherever it does, costs its source's time and no more.
func TestStalls(t *testing.T) {
	for name, serve := range map[string]func(*world, net.Conn){
		"before TLS": func(_ *world, c net.Conn) { io.Copy(io.Discard, c) },
		"before the header": func(w *world, c net.Conn) {
			w.siteOn(c, "autoconfig.example.org", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		},
		"within the body": func(w *world, c net.Conn) {
			w.siteOn(c, "autoconfig.example.org", func(rw http.ResponseWriter, r *http.Request) {
				for range time.Tick(time.Second / 2) {
					if _, err := io.WriteString(rw, "<"); err != nil || http.NewResponseController(rw).Flush() != nil {
						return
					}
				}
			})
		},
		"within the handshake": func(_ *world, c net.Conn) {
			c.Write([]byte{0x16, 3, 3, 0, 100})
			io.Copy(io.Discard, c)
		},
	} {
		in(t, func(t *testing.T, w *world) {
			w.Listen(w.Host("autoconfig.example.org")+":443", func(c net.Conn) { serve(w, c) })
			start := time.Now()
			err := failure(w.find(nil), discover.Autoconfig)
			if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took != 5*time.Second {
				t.Errorf("%s: %v after %v", name, err, took)
			}
		})
	}
}

func rowNothing(t *testing.T, w *world) {
	o := w.table("none.example", "")
	expect(t, w.find(o), "empty pacc\nempty srv\nempty autoconfig\nempty ispdb\nempty mx\nempty guess")
	w.Site("autoconfig.example.org", http.NotFound)
	w.Site("ua-auto-config.example.org", http.NotFound)
	w.Site("example.org", http.NotFound)
	w.Names.Add("example.org MX 0 .")
	expect(t, w.find(o), "empty pacc\nempty srv\nempty autoconfig\nempty ispdb\nempty mx\nempty guess")
}

// A domain that does not exist is told from one that publishes nothing, and from
// one that could not be asked.
func TestNoDomain(t *testing.T) {
	for record, want := range map[string]bool{
		"example.net A 192.0.2.1":                      true,
		"example.org MX 0 mx.example.org.":             false,
		"www.example.org A 192.0.2.1":                  false,
		"_imaps._tcp.example.org SRV 0 1 993 example.": false,
	} {
		in(t, func(t *testing.T, w *world) {
			w.Names.Add(record)
			if got := w.find(nil).NoDomain; got != want {
				t.Errorf("%s: %v", record, got)
			}
			w.Names.Fail("example.org MX", "SERVFAIL")
			if w.find(nil).NoDomain {
				t.Errorf("%s: a domain that could not be asked for does not exist", record)
			}
		})
	}
}

func rowContextEnds(t *testing.T, w *world) {
	why := errors.New("the window was closed")
	w.Listen(w.Host("autoconfig.example.org")+":443", nil)
	w.Listen(w.Host("ua-auto-config.example.org")+":443", func(c net.Conn) { c.Read(make([]byte, 1)); <-t.Context().Done() })
	w.Names.Add("_imaps._tcp.example.org SRV 0 1 993 imap.example.org.")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(time.Second, func() { cancel(why) })
	start := time.Now()
	res, err := discover.Find(ctx, address, w.options())
	if !errors.Is(err, context.Canceled) || !errors.Is(err, why) || time.Since(start) != time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	expect(t, res, `
		read ready imaps://imap.example.org:993 srv/unsigned DNS
		failed pacc
		failed autoconfig`)
	// And while names are guessed.
	w.Names.Remove("_tcp.example.org")
	w.Names.Remove("autoconfig.example.org")
	w.Names.Remove("ua-auto-config.example.org")
	w.Listen(w.Host("imap.example.org")+":993", nil)
	ctx, cancel = context.WithCancelCause(t.Context())
	time.AfterFunc(time.Second, func() { cancel(why) })
	start = time.Now()
	if res, err = discover.Find(ctx, address, w.options()); !errors.Is(err, why) || time.Since(start) != time.Second || failure(res, discover.Guess) == nil {
		t.Errorf("%v after %v: %s", err, time.Since(start), show(res))
	}
	// Before anything is asked.
	if res, err = discover.Find(ctx, address, w.options()); !errors.Is(err, why) || res == nil {
		t.Errorf("%v, %v", res, err)
	}
}

func rowPermit(t *testing.T) {
	for _, ip := range []string{"127.0.0.1", "169.254.169.254", "0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0.1.2.3", "::ffff:255.255.255.255", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::1", "2002:a9fe:a9fe::"} {
		in(t, func(t *testing.T, w *world) {
			kind := " A "
			if strings.Contains(ip, ":") {
				kind = " AAAA "
			}
			for _, name := range []string{"autoconfig.", "ua-auto-config.", "imap.", "mail.", "smtp.", "pop.", "pop3.", ""} {
				w.Names.Add(name + "example.org" + kind + ip)
			}
			res := w.find(nil)
			for _, s := range []discover.Source{discover.PACC, discover.Autoconfig, discover.Guess} {
				if err := failure(res, s); !errors.Is(err, discover.ErrNotPermitted) {
					t.Errorf("%s: %s: %v", ip, s, err)
				}
			}
			for _, d := range w.Dialled() {
				if strings.HasPrefix(d, "tcp") && !strings.HasSuffix(d, ":53") {
					t.Errorf("%s: dialled %s", ip, d)
				}
			}
			o := w.options()
			o.Permit = func(netip.Addr) error { return nil }
			w.find(o)
			host := net.JoinHostPort(netip.MustParseAddr(ip).Unmap().String(), "443")
			if !slices.Contains(w.Dialled(), "tcp "+host) {
				t.Errorf("%s: not dialled though permitted: %q", ip, w.Dialled())
			}
		})
	}
	in(t, func(t *testing.T, w *world) { // one good address is enough, and only it is used
		w.Names.Add("autoconfig.example.org A 127.0.0.1")
		w.Site("autoconfig.example.org", fakenet.Page(autoconfigPath, simple("mail.hoster.net")))
		expect(t, w.find(nil), wantSimple)
		forbidden := errors.New("not in this house")
		o := w.options()
		o.Permit = func(a netip.Addr) error { return forbidden }
		if err := failure(w.find(o), discover.Autoconfig); !errors.Is(err, forbidden) || !errors.Is(err, discover.ErrNotPermitted) {
			t.Error(err)
		}
	})
}

func rowMerge(t *testing.T, w *world) {
	doc := paccDoc("mail.hoster.net")
	w.pacc(doc, doc)
	user := "<username>%EMAILLOCALPART%</username><authentication>password-encrypted</authentication>"
	w.Site("autoconfig.example.org", fakenet.Page(autoconfigPath, config(
		incoming("imap", "MAIL.hoster.net", "993", "SSL", user), incoming("imap", "mail.hoster.net", "143", "STARTTLS", user), outgoing("mail.hoster.net", "465", "SSL", user))))
	w.Names.Add("_imaps._tcp.example.org SRV 0 1 993 mail.hoster.net.", "_submission._tcp.example.org SRV 0 1 587 mail.hoster.net.")
	res := w.find(nil)
	expect(t, res, `
		read ready imaps://mail.hoster.net:993 pacc/HTTPS of the domain, digest in unsigned DNS, autoconfig/HTTPS of the domain, srv/unsigned DNS
		read ready imap://mail.hoster.net:143 autoconfig/HTTPS of the domain
		send ready submissions://mail.hoster.net:465 pacc/HTTPS of the domain, digest in unsigned DNS, autoconfig/HTTPS of the domain
		send ask submission://mail.hoster.net:587 srv/unsigned DNS`)
	// Each thing is from the strongest source that says it.
	c := res.Reading.Ready[0]
	if !slices.Equal(c.Users, []string{"joe"}) || !slices.Equal(c.Auth, []discover.Method{discover.MethodOAuth, discover.MethodPassword}) || c.Issuer == "" {
		t.Errorf("%+v", c)
	}
}

func rowUsers(t *testing.T, w *world) {
	doc := paccDoc("mail.hoster.net")
	w.pacc(doc, doc)
	w.Names.Add("_imap._tcp.example.org SRV 0 1 143 imap.example.org.")
	for _, c := range w.find(nil).Reading.Ready {
		if !slices.Equal(c.Users, []string{"joe@example.org", "joe"}) {
			t.Errorf("%v: %q", c.Endpoint, c.Users)
		}
	}
}

// A few addresses of a host are tried, each in its share of the time, and none
// when the time is over.
func TestManyAddresses(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.Names.Add("autoconfig.example.org A 192.0.2.201") // drops packets
		w.Listen("192.0.2.201:443", nil)
		w.Site("autoconfig.example.org", fakenet.Page(autoconfigPath, simple("mail.hoster.net")))
		expect(t, w.find(nil), wantSimple)
	})
	for _, drops := range []bool{false, true} {
		in(t, func(t *testing.T, w *world) {
			for i := range 50 {
				w.Names.Add(fmt.Sprintf("autoconfig.example.org A 203.0.113.%d", i))
				if drops {
					w.Listen(fmt.Sprintf("203.0.113.%d:443", i), nil)
				}
			}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(2*time.Second, cancel)
			want := 4
			if drops { // the second of four is being waited for
				want = 2
			}
			if _, err := discover.Find(ctx, address, w.options()); drops != errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			tried := slices.DeleteFunc(w.Dialled(), func(d string) bool { return !strings.HasPrefix(d, "tcp 203.0.113.") })
			if len(tried) != want {
				t.Errorf("tried %q", tried)
			}
		})
	}
}

// One kind of address is enough, and without any a failed look-up is a failure.
func TestHalfResolved(t *testing.T) {
	for broken, want := range map[string]string{
		"AAAA": wantSimple,
		"A":    "empty pacc\nempty srv\nempty guess\nfailed autoconfig",
	} {
		in(t, func(t *testing.T, w *world) {
			w.Site("autoconfig.example.org", fakenet.Page(autoconfigPath, simple("mail.hoster.net")))
			w.Names.Fail("autoconfig.example.org "+broken, "SERVFAIL")
			expect(t, w.find(nil), want)
		})
	}
	in(t, func(t *testing.T, w *world) {
		w.Names.Fail("autoconfig.example.org AAAA", "SERVFAIL")
		expect(t, w.find(nil), "empty pacc\nempty srv\nempty guess\nfailed autoconfig")
	})
}

// What would forge a proof, or cannot be asked, is an error before anything is.
func TestBadOptions(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		tlsDial := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no") }
		for name, change := range map[string]func(*discover.Options){
			"transport does not verify": func(o *discover.Options) { o.Transport.TLSClientConfig.InsecureSkipVerify = true },
			"transport verifies a name": func(o *discover.Options) { o.Transport.TLSClientConfig.ServerName = "hoster.net" },
			"transport does TLS":        func(o *discover.Options) { o.Transport.DialTLSContext = tlsDial },
			"transport does TLS, too":   dialTLS,
			"transport does not end":    dialForEver,
			"dialer does not verify":    func(o *discover.Options) { o.Dialer.TLSConfig.InsecureSkipVerify = true },
			"dialer verifies a name":    func(o *discover.Options) { o.Dialer.TLSConfig.ServerName = "hoster.net" },
			"table over http":           func(o *discover.Options) { o.ISPDB = "http://table.example/" },
			"table is none":             func(o *discover.Options) { o.ISPDB = "table.example" },
			"table without a host":      func(o *discover.Options) { o.ISPDB = "https:///v1.1/" },
			"table with a fragment":     func(o *discover.Options) { o.ISPDB = "https://table.example/#v1.1" },
			"table that is no URL":      func(o *discover.Options) { o.ISPDB = "https://table.example/%" },
			"table with a query":        func(o *discover.Options) { o.ISPDB = "https://table.example/?domain=" },
			"table with a user":         func(o *discover.Options) { o.ISPDB = "https://u:p@table.example/" },
			"provider without a domain": func(o *discover.Options) { o.Providers = []discover.Provider{{}} },
			"provider without a protocol": func(o *discover.Options) {
				o.Providers = []discover.Provider{{MX: "a.b", Endpoints: make([]dial.Endpoint, 1)}}
			},
			"provider of relay": func(o *discover.Options) {
				o.Providers = []discover.Provider{{MX: "a.b", Endpoints: []dial.Endpoint{{Protocol: policy.SMTP, Host: "a.b", Policy: policy.RequiredSTARTTLS}}}}
			},
			"provider without TLS": func(o *discover.Options) {
				o.Providers = []discover.Provider{{MX: "a.b", Endpoints: []dial.Endpoint{{Protocol: policy.IMAP, Host: "a.b", Policy: policy.OpportunisticSTARTTLS}}}}
			},
		} {
			o := w.options()
			change(o)
			res, err := discover.Find(t.Context(), address, o)
			if err == nil || res != nil || !strings.HasPrefix(err.Error(), "discover: ") {
				t.Errorf("%s: %v, %v", name, res, err)
			}
		}
		if d := w.Dialled(); d != nil {
			t.Errorf("dialled %q", d)
		}
	})
}

func dialTLS(o *discover.Options) {
	//lint:ignore SA1019 a program may have set it all the same
	o.Transport.DialTLS = func(string, string) (net.Conn, error) { return nil, errors.New("no") }
}

func dialForEver(o *discover.Options) {
	o.Transport.DialContext = nil
	//lint:ignore SA1019 a program may have set it all the same
	o.Transport.Dial = func(string, string) (net.Conn, error) { return nil, errors.New("no") }
}

func TestNoContext(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		var none context.Context
		if _, err := discover.Find(none, "joe@example.org", w.options()); err == nil || len(w.Recorded()) > 0 {
			t.Errorf("%v, %q", err, w.Recorded())
		}
	})
}

// What the program gave is not changed.
func TestOptionsKept(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		o := w.options()
		before := fmt.Sprintf("%p %p %p %v", o.Transport, o.Dialer, o.Resolver, o.Transport.MaxResponseHeaderBytes)
		w.find(o)
		if after := fmt.Sprintf("%p %p %p %v", o.Transport, o.Dialer, o.Resolver, o.Transport.MaxResponseHeaderBytes); after != before || o.Permit != nil {
			t.Errorf("%s became %s", before, after)
		}
	})
}

// The same rule on addresses for what is dialled afterwards.
func TestNetDialer(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.Names.Add("imap.example.org A 127.0.0.1", "good.example.org A 192.0.2.90", "good.example.org AAAA ::1")
		w.Mail("192.0.2.90", "good.example.org", policy.IMAP, policy.ImplicitTLS, "good.example.org")
		o := w.options()
		d := dial.Dialer{NetDialer: o.NetDialer(), TLSConfig: &tls.Config{RootCAs: w.CA.Pool()}}
		_, err := d.Dial(t.Context(), endpoint(t, "imaps://imap.example.org"))
		var failed *dial.Error
		if !errors.Is(err, discover.ErrNotPermitted) || !errors.As(err, &failed) || failed.Phase != dial.PhaseConnect {
			t.Error(err)
		}
		conn, err := d.Dial(t.Context(), endpoint(t, "imaps://good.example.org"))
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	})
	if (*discover.Options)(nil).NetDialer() == nil {
		t.Error("no dialer from nil options")
	}
}

func endpoint(t *testing.T, url string) dial.Endpoint {
	t.Helper()
	e, err := dial.ParseEndpoint(url)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// With a proxy, it is the proxy whose address is asked about, and verification is
// as ever.
func TestProxy(t *testing.T) {
	for _, ip := range []string{"192.0.2.240", "127.0.0.1"} {
		in(t, func(t *testing.T, w *world) {
			w.Site("autoconfig.example.org", fakenet.Page(autoconfigPath, simple("mail.hoster.net")))
			w.SiteAs("example.org", w.CA.Server("hoster.net"), fakenet.Page(wellKnownPath, simple("mail.hoster.net")))
			w.Listen(ip+":3128", func(c net.Conn) { tunnel(t, w, c) })
			o := w.options()
			o.Transport.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: ip + ":3128"})
			res := w.find(o)
			err := failure(res, discover.Autoconfig)
			if ip == "127.0.0.1" {
				if !errors.Is(err, discover.ErrNotPermitted) {
					t.Error(err)
				}
				return
			}
			var wrongName x509.HostnameError
			if len(res.Reading.Ready) != 1 || !errors.As(err, &wrongName) {
				t.Errorf("%s%v", show(res), res.Failed)
			}
		})
	}
}

// tunnel is a proxy for one connection.
func tunnel(t *testing.T, w *world, c net.Conn) {
	r := bufio.NewReader(c)
	req, err := http.ReadRequest(r)
	if err != nil || req.Method != http.MethodConnect {
		return
	}
	host, _, _ := net.SplitHostPort(req.Host)
	ip := map[string]string{"autoconfig.example.org": "192.0.2.1", "example.org": "192.0.2.2"}[host]
	if ip == "" {
		io.WriteString(c, "HTTP/1.1 404 Not Found\r\n\r\n")
		return
	}
	up, err := w.DialContext(t.Context(), "tcp", ip+":443")
	if err != nil {
		return
	}
	defer up.Close()
	io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { io.Copy(up, r); up.Close() }()
	io.Copy(c, up)
}
