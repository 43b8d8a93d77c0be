package discover_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/internal/test/fakenet"
)

// Only 32 servers of a document, and 8 user names of a server, are used.
func TestManyServersAndUsers(t *testing.T) {
	user := func(s string) string { return "<username>" + s + "</username>" }
	users := user("") + user(" ") + user("joe") + user("joe") + user("a\u202eb") + user("j\u200be")
	for i := range 20 {
		users += user(fmt.Sprint("u", i))
	}
	var servers []string
	for i := range 50 {
		servers = append(servers, incoming("imap", fmt.Sprintf("m%d.example.org", i), "993", "SSL", users))
	}
	in(t, func(t *testing.T, w *world) {
		w.Site("autoconfig.example.org", fakenet.Page(autoconfigPath, config(servers...)))
		res := w.find(nil)
		ready := res.Reading.Ready
		if len(ready) != 32 || ready[31].Endpoint.Host != "m31.example.org" {
			t.Fatalf("%d servers", len(ready))
		}
		if err := failure(res, discover.Autoconfig); !errors.Is(err, discover.ErrDocument) || !strings.Contains(err.Error(), "50 servers") {
			t.Errorf("what is not used is not said: %v", err)
		}
		if want := []string{"joe", "u0", "u1", "u2", "u3", "u4", "u5", "u6"}; !slices.Equal(ready[0].Users, want) {
			t.Errorf("users %q, want %q", ready[0].Users, want)
		}
	})
}

// An issuer that cannot be shown is none, and the document's fault is told.
func TestOddIssuers(t *testing.T) {
	for _, issuer := range []string{"https://login.example.com/a\u202eb", "https://login.example.com/a\u200bb", "ftp://login.example.com"} {
		in(t, func(t *testing.T, w *world) {
			doc := strings.Replace(config(incoming("imap", "a.example.org", "993", "SSL", "<authentication>OAuth2</authentication>")), "</clientConfig>", "<oAuth2><issuer>"+issuer+"</issuer></oAuth2></clientConfig>", 1)
			w.Site("autoconfig.example.org", fakenet.Page(autoconfigPath, doc))
			res := w.find(nil)
			if len(res.Reading.Ready) != 1 || res.Reading.Ready[0].Issuer != "" {
				t.Errorf("%q: %+v", issuer, res.Reading.Ready)
			}
			if !errors.Is(failure(res, discover.Autoconfig), discover.ErrDocument) {
				t.Errorf("%q: its fault is not told", issuer)
			}
		})
	}
}
