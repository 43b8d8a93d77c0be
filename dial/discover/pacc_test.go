package discover_test

import (
	"compress/gzip"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/internal/test/fakenet"
)

func rowPACC(t *testing.T, w *world) {
	doc := paccDoc("mail.hoster.net")
	w.pacc(doc, doc)
	o := w.options()
	res := w.find(o)
	expect(t, res, `
		read ready imaps://mail.hoster.net:993 pacc/HTTPS of the domain, digest in unsigned DNS
		send ready submissions://mail.hoster.net:465 pacc/HTTPS of the domain, digest in unsigned DNS
		empty srv
		empty autoconfig`)
	c := res.Reading.Ready[0]
	if len(c.Auth) != 2 || c.Auth[0] != discover.MethodOAuth || c.Auth[1] != discover.MethodPassword || c.Issuer != "https://auth.example.org/" {
		t.Errorf("%+v", c)
	}
	expect(t, w.find(w.signed(o)), `
		read ready imaps://mail.hoster.net:993 pacc/HTTPS of the domain, digest in signed DNS
		send ready submissions://mail.hoster.net:465 pacc/HTTPS of the domain, digest in signed DNS
		empty srv
		empty autoconfig`)
	w.noMail()
}

func rowPACCDigests(t *testing.T) {
	doc := paccDoc("mail.hoster.net")
	for name, c := range map[string]struct {
		txt  []string
		good bool
	}{
		"differs":            {[]string{digest("another")}, false},
		"no TXT":             {nil, false},
		"another TXT":        {[]string{"v=spf1 -all"}, false},
		"second matches":     {[]string{digest("old"), digest(doc)}, true},
		"first matches":      {[]string{digest(doc), digest("new")}, true},
		"another algorithm":  {[]string{strings.Replace(digest(doc), "sha256", "sha512", 1)}, false},
		"another version":    {[]string{strings.Replace(digest(doc), "UAAC1", "UAAC2", 1)}, false},
		"not base64":         {[]string{"v=UAAC1; a=sha256; d=%%%"}, false},
		"short":              {[]string{"v=UAAC1; a=sha256; d=AAAA"}, false},
		"without blanks":     {[]string{strings.ReplaceAll(digest(doc), "; ", ";")}, true},
		"in several strings": {[]string{digest(doc)[:30] + `" "` + digest(doc)[30:]}, true},
	} {
		for _, coding := range []string{"", "gzip"} {
			in(t, func(t *testing.T, w *world) {
				w.Site("ua-auto-config.example.org", func(rw http.ResponseWriter, r *http.Request) {
					if coding == "" || !strings.Contains(r.Header.Get("Accept-Encoding"), coding) {
						fakenet.Page(paccPath, doc)(rw, r)
						return
					}
					rw.Header().Set("Content-Encoding", coding)
					z := gzip.NewWriter(rw)
					z.Write([]byte(doc))
					z.Close()
				})
				for _, txt := range c.txt {
					w.Names.Add(`_ua-auto-config.example.org TXT "` + txt + `"`)
				}
				res := w.find(nil)
				if c.good != (len(res.Reading.Ready) == 1) || c.good != (failure(res, discover.PACC) == nil) {
					t.Errorf("%s %s: %s%v", name, coding, show(res), res.Failed)
				}
				if !c.good && !errors.Is(failure(res, discover.PACC), discover.ErrDigest) {
					t.Errorf("%s %s: %v", name, coding, res.Failed)
				}
			})
		}
	}
}

// A digest whose document is gone is a failure: an attacker who keeps it away is not the
// domain. What cannot be asked for is one, too.
func TestPACCMissing(t *testing.T) {
	doc := paccDoc("mail.hoster.net")
	for name, c := range map[string]struct {
		set  func(*world)
		want string
	}{
		"no document": {func(w *world) {
			w.Site("ua-auto-config.example.org", http.NotFound)
			w.Names.Add(`_ua-auto-config.example.org TXT "` + digest(doc) + `"`)
		}, "failed"},
		"no host": {func(w *world) { w.Names.Add(`_ua-auto-config.example.org TXT "` + digest(doc) + `"`) }, "failed"},
		"neither": {func(w *world) { w.Site("ua-auto-config.example.org", http.NotFound) }, "empty"},
		"DNS silent": {func(w *world) {
			w.pacc(doc, doc)
			w.Names.Fail("_ua-auto-config.example.org TXT", "silent")
		}, "failed"},
		"not JSON":   {func(w *world) { w.pacc("{", "{") }, "failed"},
		"wrong type": {func(w *world) { w.pacc(`{"protocols": 1}`, `{"protocols": 1}`) }, "failed"},
		"too large":  {func(w *world) { big := doc + strings.Repeat(" ", 64<<10); w.pacc(big, big) }, "failed"},
		"nothing in": {func(w *world) { w.pacc("{}", "{}") }, "empty"},
	} {
		in(t, func(t *testing.T, w *world) {
			c.set(w)
			res := w.find(nil)
			want := "empty srv\nempty autoconfig\nempty guess\nfailed pacc"
			if c.want == "empty" {
				want = "empty pacc\nempty srv\nempty autoconfig\nempty guess"
			}
			t.Log(name)
			expect(t, res, want)
		})
	}
}

func rowPACCPorts(t *testing.T, w *world) {
	doc := `{"protocols": {
		"imap": {"host": "imap.example.org", "port": 143, "tls": "starttls", "socketType": "STARTTLS"},
		"pop3": {"host": "pop.example.org:110"},
		"smtp": {"host": "smtp.example.org", "port": 25},
		"submission": {"host": "other.example.org"}, "jmap": {"url": "https://jmap.example.org/"}}}`
	w.pacc(doc, doc)
	expect(t, w.find(nil), `
		read ready imaps://imap.example.org:993 pacc/HTTPS of the domain, digest in unsigned DNS
		send ready submissions://smtp.example.org:465 pacc/HTTPS of the domain, digest in unsigned DNS
		empty srv
		empty autoconfig
		failed pacc`) // for the host that is none
}
