package discover_test

import (
	"compress/gzip"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/internal/test/fakenet"
)

const wantSimple = `
	read ready imaps://mail.hoster.net:993 autoconfig/HTTPS of the domain
	send ready submissions://mail.hoster.net:465 autoconfig/HTTPS of the domain
	empty pacc
	empty srv`

func rowPlaceholders(t *testing.T, w *world) {
	user := func(s string) string { return "<username>" + s + "</username>" }
	w.Site("autoconfig.example.org", fakenet.Page(autoconfigPath, config(
		incoming("imap", "%EMAILDOMAIN%", "993", "SSL", user("%EMAILADDRESS%"), user("%EMAILLOCALPART%")),
		incoming("imap", "imap.%EMAILDOMAIN%", "143", "STARTTLS", user("prefix-%EMAILLOCALPART%")),
		incoming("pop3", "%EMAILLOCALPART%.example.org", "995", "SSL", user("%EMAILDOMAIN%%HOME%$HOME%emailaddress%${x}")),
		outgoing("smtp.example.org", "465", "SSL", user("a\tb")),
	)))
	o := w.options()
	res, err := discover.Find(t.Context(), "%EMAILDOMAIN%@example.org", o)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range slices.Concat(res.Reading.Ready, res.Sending.Ready) {
		got = append(got, fmt.Sprintf("%v %q", c.Endpoint, c.Users))
	}
	want := []string{
		`imaps://example.org:993 ["%EMAILDOMAIN%@example.org" "%EMAILDOMAIN%"]`,
		`imap://imap.example.org:143 ["prefix-%EMAILDOMAIN%"]`,
		// The third is left out: what the local part makes of its host is no name.
		`submissions://smtp.example.org:465 ["%EMAILDOMAIN%@example.org" "%EMAILDOMAIN%"]`, // its user name cannot be typed
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if err := failure(res, discover.Autoconfig); !errors.Is(err, discover.ErrDocument) {
		t.Errorf("the host that is none: %v", err)
	}
	res = w.find(o)
	if u := res.Reading.Ready[2].Users; res.Reading.Ready[2].Endpoint.Host != "joe.example.org" || !slices.Equal(u, []string{"example.org%HOME%$HOME%emailaddress%${x}"}) {
		t.Errorf("%v %q", res.Reading.Ready[2].Endpoint, u)
	}
}

func rowHTTPOnly(t *testing.T, w *world) {
	ip := w.Host("autoconfig.example.org")
	w.Names.Add("example.org A " + ip)
	res := w.find(nil)
	expect(t, res, "empty pacc\nempty srv\nempty guess\nfailed autoconfig\nfailed autoconfig") // nothing listens on 443: that is no answer
	if slices.Contains(w.Dialled(), "tcp "+ip+":80") {
		t.Error("http was asked")
	}
}

func rowRedirects(t *testing.T) {
	to := func(url string) http.HandlerFunc {
		return func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, url, http.StatusFound) }
	}
	for name, c := range map[string]struct {
		location string
		want     string
		cause    error
	}{
		"within the domain": {"https://www.example.org" + autoconfigPath, wantSimple, nil},
		"to another host": {"https://www.hoster.net" + autoconfigPath, `
			read ask imaps://mail.hoster.net:993 autoconfig/HTTPS of another host
			send ask submissions://mail.hoster.net:465 autoconfig/HTTPS of another host
			empty pacc
			empty srv`, nil},
		"to another host and back": {"https://www.hoster.net/back", `
			read ask imaps://mail.hoster.net:993 autoconfig/HTTPS of another host
			send ask submissions://mail.hoster.net:465 autoconfig/HTTPS of another host
			empty pacc
			empty srv`, nil},
		"twice":                  {"https://www.example.org/two", wantSimple, nil},
		"three times":            {"https://www.example.org/three", "empty pacc\nempty srv\nempty guess\nfailed autoconfig", discover.ErrRedirect},
		"in a loop":              {"https://autoconfig.example.org" + autoconfigPath, "empty pacc\nempty srv\nempty guess\nfailed autoconfig", discover.ErrRedirect},
		"to http":                {"http://www.example.org" + autoconfigPath, "empty pacc\nempty srv\nempty guess\nfailed autoconfig", discover.ErrRedirect},
		"to a file":              {"file:///etc/passwd", "empty pacc\nempty srv\nempty guess\nfailed autoconfig", discover.ErrRedirect},
		"with a password":        {"https://u:p@www.example.org" + autoconfigPath, "empty pacc\nempty srv\nempty guess\nfailed autoconfig", discover.ErrRedirect},
		"to no host":             {"https://nowhere.example.org/", "empty pacc\nempty srv\nempty guess\nfailed autoconfig", nil},
		"to a wrong name":        {"https://wrong.example.org/", "empty pacc\nempty srv\nempty guess\nfailed autoconfig", nil},
		"to what is not there":   {"https://www.example.org/none", "empty pacc\nempty srv\nempty autoconfig\nempty guess", nil},
		"to a name that is none": {"https://" + strings.Repeat("ü", 4000) + ".example.org/", "empty pacc\nempty srv\nempty guess\nfailed autoconfig", discover.ErrRedirect},
		"to a loopback":          {"https://127.0.0.1/", "empty pacc\nempty srv\nempty guess\nfailed autoconfig", discover.ErrNotPermitted},
		"to this host":           {"https://local.example.org/", "empty pacc\nempty srv\nempty guess\nfailed autoconfig", discover.ErrNotPermitted},
	} {
		in(t, func(t *testing.T, w *world) {
			w.Site("autoconfig.example.org", to(c.location))
			www := func(rw http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/three":
					to("/two")(rw, r)
				case "/back": // to what strangers may have put there
					to("https://www.example.org"+autoconfigPath)(rw, r)
				case "/two":
					to(autoconfigPath)(rw, r)
				default:
					fakenet.Page(autoconfigPath, simple("mail.hoster.net"))(rw, r)
				}
			}
			w.Site("www.example.org", www)
			w.Site("www.hoster.net", www)
			w.SiteAs("wrong.example.org", w.CA.Server("www.example.org"), www)
			w.Names.Add("local.example.org A 127.0.0.1")
			o := w.options()
			o.TellAddress = true
			res := w.find(o)
			t.Log(name)
			expect(t, res, c.want)
			if err := failure(res, discover.Autoconfig); c.cause != nil && !errors.Is(err, c.cause) {
				t.Errorf("%s: %v", name, err)
			}
			for _, d := range w.Dialled() {
				if strings.HasSuffix(d, ":80") || strings.Contains(d, "127.0.0.1") {
					t.Errorf("%s: dialled %s", name, d)
				}
			}
			for _, req := range w.Recorded() { // the next host does not learn what the first was asked
				if !strings.HasPrefix(req, "autoconfig.example.org:") && (strings.Contains(req, "joe") || !strings.Contains(req, `referer=""`)) {
					t.Errorf("%s: %s", name, req)
				}
			}
		})
	}
}

func rowWrongCertificate(t *testing.T, w *world) {
	doc := fakenet.Page(autoconfigPath, simple("mail.hoster.net"))
	w.SiteAs("autoconfig.example.org", w.CA.Server("hoster.net"), doc)
	w.SiteAs("example.org", fakenetCA(t).Server("example.org"), fakenet.Page(wellKnownPath, simple("mail.hoster.net"))) // of a CA that is not known
	res := w.find(nil)
	expect(t, res, "empty pacc\nempty srv\nempty guess\nfailed autoconfig\nfailed autoconfig")
	var wrongName x509.HostnameError
	var unknown x509.UnknownAuthorityError
	if !errors.As(res.Failed[0], &wrongName) || !errors.As(res.Failed[1], &unknown) {
		t.Errorf("%v", res.Failed)
	}
	for _, d := range w.Dialled() {
		if strings.HasSuffix(d, ":80") {
			t.Errorf("dialled %s", d)
		}
	}
	if len(w.Recorded()) != 0 {
		t.Errorf("a server that is not verified was asked: %q", w.Recorded())
	}
}

func rowPlain(t *testing.T, w *world) {
	w.Site("autoconfig.example.org", fakenet.Page(autoconfigPath, config(
		incoming("imap", "mail.example.org", "143", "plain"), incoming("imap", "mail.example.org", "993", "SSL"),
		outgoing("mail.example.org", "25", "plain"),
	)))
	expect(t, w.find(nil), `
		read ready imaps://mail.example.org:993 autoconfig/HTTPS of the domain
		read refused imap+plain://mail.example.org:143 autoconfig/HTTPS of the domain
		send refused submission+plain://mail.example.org:25 autoconfig/HTTPS of the domain
		empty pacc
		empty srv
		empty guess`)
}

func rowMethods(t *testing.T) {
	auth := func(words ...string) string {
		var s string
		for _, word := range words {
			s += "<authentication>" + word + "</authentication>"
		}
		return s
	}
	doc := config(
		incoming("imap", "a.example.org", "993", "SSL", auth("password-encrypted", "OAuth2", "password-cleartext", "TLS-client-cert", "GSSAPI")),
		incoming("imap", "b.example.org", "993", "SSL", auth("OAuth", "client-IP-address", "quantum", "plain", "secure", "SCRAM-SHA-256-PLUS", "none")),
		incoming("imap", "c.example.org", "993", "SSL"),
		incoming("imap", "d.example.org", "993", "SSL", auth("NTLM", "quantum")), // no way that can be gone
		outgoing("e.example.org", "465", "SSL", auth("quantum", "XOAUTH2")),
	)
	for issuer, want := range map[string]string{
		"<oAuth2><issuer>login.example.com</issuer><scope>x</scope></oAuth2>":                                      "https://login.example.com",
		"<oAuth2><issuer>https://login.example.com/a</issuer></oAuth2><oAuth2><issuer>b.example</issuer></oAuth2>": "https://login.example.com/a",
		"<oAuth2><issuer>http://login.example.com</issuer></oAuth2>":                                               "",
		"<oAuth2><issuer>https://u:p@login.example.com/</issuer></oAuth2>":                                         "",
		"<oAuth2><issuer>https://login.example.com/?x</issuer></oAuth2>":                                           "",
		"<oAuth2><issuer>https://login.example.com/#x</issuer></oAuth2>":                                           "",
		"<oAuth2><issuer>https:///x</issuer></oAuth2>":                                                             "",
		"": "",
	} {
		in(t, func(t *testing.T, w *world) {
			w.Site("autoconfig.example.org", fakenet.Page(autoconfigPath, strings.Replace(doc, "</clientConfig>", issuer+"</clientConfig>", 1)))
			res := w.find(nil)
			var got []string
			for _, c := range slices.Concat(res.Reading.Ready, res.Sending.Ready) {
				got = append(got, fmt.Sprintf("%s %q %s", c.Endpoint.Host, c.Auth, c.Issuer))
			}
			wanted := []string{
				`a.example.org ["encrypted password" "oauth" "password" "client certificate" "gssapi"] ` + want,
				`b.example.org ["oauth" "none" "password" "encrypted password"] ` + want,
				`c.example.org [] `,
				`e.example.org ["oauth"] ` + want,
			}
			if !slices.Equal(got, wanted) {
				t.Errorf("%s\n%s\nwant\n%s", issuer, strings.Join(got, "\n"), strings.Join(wanted, "\n"))
			}
			if !errors.Is(failure(res, discover.Autoconfig), discover.ErrDocument) {
				t.Error("the server that cannot be used is not said")
			}
		})
	}
}

func rowBadXML(t *testing.T) {
	server := incoming("imap", "mail.example.org", "993", "SSL")
	utf16 := func(s string) string {
		b := []byte{0xfe, 0xff}
		for _, c := range []byte(s) {
			b = append(b, 0, c)
		}
		return string(b)
	}
	for name, doc := range map[string]string{
		"entity":           strings.Replace(config(server), "mail.example", "&mail;.example", 1),
		"DOCTYPE":          strings.Replace(config(server), "<clientConfig", `<!DOCTYPE x [<!ENTITY a "b">]><clientConfig`, 1),
		"external entity":  strings.Replace(config(server), "<clientConfig", `<!DOCTYPE x SYSTEM "https://evil.example/x.dtd"><clientConfig`, 1),
		"10 MB":            config(server, strings.Repeat(" ", 10<<20)),
		"64 KiB and one":   config(server) + strings.Repeat(" ", 64<<10+1-len(config(server))),
		"depth 10,000":     config(server, strings.Repeat("<a>", 10_000), strings.Repeat("</a>", 10_000)),
		"depth 17":         config(server, strings.Repeat("<a>", 15), strings.Repeat("</a>", 15)),
		"UTF-16":           utf16(config(server)),
		"UTF-16 declared":  strings.Replace(config(server), "UTF-8", "UTF-16", 1),
		"Latin-1 declared": strings.Replace(config(server), "UTF-8", "ISO-8859-1", 1),
		"wrong root":       strings.ReplaceAll(config(server), "clientConfig", "html"),
		"HTML":             "<!DOCTYPE html><html><body>Welcome<br></body></html>",
		"not closed":       strings.TrimSuffix(config(server), "</clientConfig>"),
		"trailing junk":    config(server) + "<a>",
		"empty":            "",
		"NUL":              strings.Replace(config(server), "mail", "\x00", 1),
	} {
		in(t, func(t *testing.T, w *world) {
			w.Site("autoconfig.example.org", fakenet.Page(autoconfigPath, doc))
			res := w.find(nil)
			if err := failure(res, discover.Autoconfig); !errors.Is(err, discover.ErrDocument) || len(res.Reading.Ready) != 0 {
				t.Errorf("%s: %s%v", name, show(res), err)
			}
		})
	}
	for name, doc := range map[string]string{
		"64 KiB":            config(server) + strings.Repeat(" ", 64<<10-len(config(server))),
		"depth 16":          config(server, strings.Repeat("<a>", 14), strings.Repeat("</a>", 14)),
		"unknown elements":  config("<x y='z'>1</x>", server, "<incomingServer type='ews'><url>x</url></incomingServer>"),
		"namespace":         strings.Replace(config(server), "<clientConfig", `<clientConfig xmlns="urn:x"`, 1),
		"white space, case": config(incoming("IMAP", "\n\t mail.example.org ", " 993\n", " ssl ")),
		"character data":    config(strings.Replace(server, "mail.example.org", "<![CDATA[mail.example.org]]>", 1)),
		"TLS for SSL":       config(strings.Replace(server, "SSL", "TLS", 1)),
	} {
		in(t, func(t *testing.T, w *world) {
			w.Site("autoconfig.example.org", fakenet.Page(autoconfigPath, doc))
			res := w.find(nil)
			if len(res.Reading.Ready) != 1 || res.Reading.Ready[0].Endpoint.String() != "imaps://mail.example.org:993" || res.Failed != nil {
				t.Errorf("%s: %s%v", name, show(res), res.Failed)
			}
		})
	}
}

// A server of a document that cannot be one costs itself, and no other.
func TestOddServers(t *testing.T) {
	good := incoming("imap", "mail.example.org", "993", "SSL")
	for name, bad := range map[string]string{
		"port 0":            incoming("imap", "a.example.org", "0", "SSL"),
		"port 65536":        incoming("imap", "a.example.org", "65536", "SSL"),
		"no port":           incoming("imap", "a.example.org", "", "SSL"),
		"no host":           incoming("imap", "", "993", "SSL"),
		"host with a blank": incoming("imap", "a b", "993", "SSL"),
		"host with a user":  incoming("imap", "u:p@a.example.org", "993", "SSL"),
		"host is a URL":     incoming("imap", "https://a.example.org", "993", "SSL"),
		"socket type":       incoming("imap", "a.example.org", "993", "QUIC"),
		"no socket type":    incoming("imap", "a.example.org", "993", ""),
		"40 servers":        strings.Repeat(good, 40),
	} {
		in(t, func(t *testing.T, w *world) {
			w.Site("autoconfig.example.org", fakenet.Page(autoconfigPath, config(bad, good)))
			res := w.find(nil)
			if len(res.Reading.Ready) != 1 || res.Reading.Ready[0].Endpoint.Host != "mail.example.org" || len(res.Reading.Ready[0].Proofs) != 1 || !errors.Is(failure(res, discover.Autoconfig), discover.ErrDocument) {
				t.Errorf("%s: %s%v", name, show(res), res.Failed)
			}
		})
	}
}

// The second place is asked side by side with the first, and counts as much.
func TestWellKnown(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.Site("example.org", fakenet.Page(wellKnownPath, simple("mail.hoster.net")))
		expect(t, w.find(nil), wantSimple)
	})
}

// A small answer that grows when it is unpacked is bounded as well.
func TestCompressed(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.Site("autoconfig.example.org", func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(rw)
			io.WriteString(z, config(incoming("imap", "mail.example.org", "993", "SSL"), strings.Repeat(" ", 10<<20)))
			z.Close()
		})
		if err := failure(w.find(nil), discover.Autoconfig); !errors.Is(err, discover.ErrDocument) {
			t.Error(err)
		}
	})
}

// The header of an answer is bounded as the document is.
func TestLargeHeader(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.Site("autoconfig.example.org", func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("X-Large", strings.Repeat("x", 100<<10))
			fakenet.Page(autoconfigPath, simple("mail.hoster.net"))(rw, r)
		})
		if failure(w.find(nil), discover.Autoconfig) == nil {
			t.Error("a header of 100 KiB was read")
		}
	})
}

func TestStatus(t *testing.T) {
	for status, absent := range map[int]bool{404: true, 410: true, 403: false, 500: false, 503: false, 204: false, 401: false, 300: false} {
		in(t, func(t *testing.T, w *world) {
			w.Site("autoconfig.example.org", func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(status) })
			res := w.find(nil)
			if failed := errors.Is(failure(res, discover.Autoconfig), discover.ErrDocument); failed == absent || absent != slices.Contains(res.Empty, discover.Autoconfig) {
				t.Errorf("%d: %s%v", status, show(res), res.Failed)
			}
		})
	}
}

// A server has no more user names than a program may try, however many a document names.
func TestManyUsers(t *testing.T) {
	var users strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&users, "<username>user%d</username>", i)
	}
	res, err := discover.ReadDocument([]byte(config(incoming("imap", "mail.example.org", "993", "SSL", users.String()))), false)
	if err != nil || len(res.Reading.Ready) != 1 || len(res.Reading.Ready[0].Users) != 8 || res.Reading.Ready[0].Users[7] != "user7" {
		t.Errorf("%+v, %v", res, err)
	}
}
